import { z } from 'zod'
import type { Screen } from '#protocol/screen.ts'
import type { JsonFile } from '../json-file.ts'
import type { Log } from '../log.ts'
import { newestFile } from '../newest-file.ts'
import type { Shell, ShellAnswer } from '../shell/shell.ts'

/** What a device was last told to show, kept so that it shows it again after a start, also without a server. */
export const keptContent = z.object({
  device: z.string(),
  screen: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('waiting') }),
    z.object({
      kind: z.literal('message'),
      title: z.string().exactOptional(),
      message: z.string(),
      receivedAt: z.number(),
    }),
    z.object({ kind: z.literal('page'), url: z.string(), receivedAt: z.number() }),
  ]),
  /** The page that is up below a message; null when there is none. */
  below: z.string().nullable(),
})
export type KeptContent = z.infer<typeof keptContent>

export interface ContentOfDevice {
  /** What it was told before this start, with the page below it up again; null when nothing is known. */
  restore(): Screen | null
  /** Shows it, and remembers it. An address that is refused changes nothing. */
  show(screen: Screen): ShellAnswer
  /** Remembers it whether or not it may be shown: the screen says so itself. */
  keep(screen: Screen): void
  /** Resolves once nothing is being written. */
  saved(): Promise<void>
}

export interface ContentOfDeviceOptions {
  /** The id of this device. */
  readonly device: string
  readonly file: JsonFile<KeptContent>
  readonly shell: Pick<Shell, 'show'>
  readonly log: Log
}

export async function openContentOfDevice(options: ContentOfDeviceOptions): Promise<ContentOfDevice> {
  const { device, file, shell, log } = options
  const keeper = newestFile(file, 'content', log)
  const read = await file.read()
  const kept = read?.device === device ? read : null
  let below = kept?.below ?? null

  function keep(screen: Screen): void {
    if (screen.kind !== 'message') below = screen.kind === 'page' ? screen.url : null
    void keeper.save({ device, screen, below })
  }

  return {
    restore() {
      if (below !== null) shell.show(below)
      return kept?.screen ?? null
    },
    show(screen) {
      const answer = screen.kind === 'message' ? shown : shell.show(screen.kind === 'page' ? screen.url : null)
      if (answer.ok) keep(screen)
      return answer
    },
    keep,
    saved: () => keeper.saved(),
  }
}

const shown: ShellAnswer = { ok: true }
