import type { KioskState } from '#protocol/ipc.ts'
import type { ShellView } from '#protocol/shell-view.ts'

export interface LayoutFacts {
  readonly kiosk: KioskState | null
  /** What the content is, if it is anything anybody should see. */
  readonly content: { readonly url: string; readonly phase: 'showing' | 'cached' } | null
  readonly covered: boolean
  readonly identifying: boolean
  readonly clockTrouble: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** How long the server has to be away until a page makes room for a word about it: a page is not moved for a moment. */
const awayMs = 10_000

/** How much of our own page is seen past the content. */
export function layout({ kiosk, content, covered, identifying, clockTrouble, now }: LayoutFacts): ShellView['seen'] {
  if (kiosk?.phase !== 'enrolled' || content === null || covered || identifying) return 'all'
  const { screen, link } = kiosk
  if (screen.kind !== 'page' || screen.url !== content.url) return 'all'
  const isAway = link.phase === 'offline' && now - link.since >= awayMs
  return content.phase === 'cached' || clockTrouble || isAway ? 'strip' : 'nothing'
}
