import type { DesktopState, KioskState } from '#protocol/ipc.ts'

/**
 * The address at which a Carillon server has answered, as far as this state tells; null when it does not. Only such an
 * address is worth remembering: one that was mistyped must not stick.
 */
export function answeringServer(state: DesktopState | KioskState): string | null {
  switch (state.phase) {
    case 'enrolling': // the code is the server's
      return state.server
    case 'enrolled':
    case 'signed-in':
      return state.link.phase === 'online' ? state.server : null
    case 'starting':
    case 'signed-out':
    case 'unreachable':
    case 'no-keychain':
      return null
    default:
      return state satisfies never
  }
}
