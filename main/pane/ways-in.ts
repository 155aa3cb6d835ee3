import type { KioskState, LinkState } from '#protocol/ipc.ts'
import type { PaneWay } from '#protocol/pane.ts'

/** What may open the pane now, and where nothing can, what to do. */
export interface WaysIn {
  readonly ways: readonly PaneWay[]
  readonly advice: string | null
}

export function waysIn(hasPin: boolean, kiosk: KioskState): WaysIn {
  const canAsk = kiosk.phase === 'enrolled' && kiosk.link.phase === 'online'
  const ways: PaneWay[] = [...(hasPin ? (['pin'] as const) : []), ...(canAsk ? (['code'] as const) : [])]
  return { ways, advice: ways.length > 0 ? null : adviceOn(kiosk) }
}

const noPin = 'This screen has no PIN yet, and'

function adviceOn(kiosk: KioskState): string {
  switch (kiosk.phase) {
    case 'enrolled':
      return `${noPin} ${offlineWords(kiosk.link)} Once it is online, an operator can give you a code.`
    case 'enrolling':
      return `${noPin} nobody has approved it. Ask an operator to approve the code that it shows; with it they can set a PIN.`
    case 'unreachable':
      return `${noPin} ${kiosk.server} cannot be asked: ${kiosk.message} A wrong address is corrected where this kiosk was set up: in kiosk.conf on its card.`
    case 'starting':
    case 'no-keychain':
      return `${noPin} is not online yet. Wait a moment and try again.`
    default:
      return kiosk satisfies never
  }
}

function offlineWords(link: LinkState): string {
  return link.phase === 'offline' ? `its server cannot be asked: ${link.message}` : 'is still connecting to its server.'
}
