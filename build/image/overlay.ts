import { join } from 'node:path'

/** Files that are laid over Debian's: `common`, then `board` or `pc`, then `software` without OpenGL; `boot` is for the boot partition. */
export const overlay = join(import.meta.dirname, 'overlay')
