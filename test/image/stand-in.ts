import { join } from 'node:path'
import { buildNativeLibrary, compile } from '../../build/native-library.ts'

/** Architectures whose Electron cannot be had for a test: in their image is a small program instead of the app. */
export type BoardArchitecture = 'armhf' | 'arm64'

const processors = { armhf: 'armv7l', arm64: 'arm64' } as const
const flags = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-D_FILE_OFFSET_BITS=64', '-O2']

/** Makes a folder like electron-builder's, with the stand-in as the program and the real libcarillon beside it. */
export async function buildStandIn(arch: BoardArchitecture, folder: string): Promise<void> {
  const processor = processors[arch]
  await compile(processor, ['test/image/stand-in/carillon.c'], join(folder, 'carillon'), flags)
  await buildNativeLibrary(processor, join(folder, 'resources/libcarillon.so'))
}
