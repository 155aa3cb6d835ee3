import type { KioskState, LinkState, LinkTrouble, Storage } from '#protocol/ipc.ts'
import type { Screen } from '#protocol/screen.ts'
import type { TaskView } from '#protocol/tasks.ts'

/** A kiosk: what its window shows, and what must be remembered beside it. */
export interface Kiosk {
  readonly view: KioskState
  /** Why it shows a code again; kept until it is enrolled. */
  readonly notice: string | null
  /** Whether a command has arrived since it was enrolled: then what history says of earlier is old. */
  readonly shown: boolean
}

/** What happens to a kiosk. Times are milliseconds since 1970. */
export type KioskEvent =
  | {
      readonly type: 'unreachable'
      readonly server: string
      readonly at: number
      readonly retryAt: number
      readonly code: LinkTrouble
      readonly message: string
    }
  | {
      readonly type: 'code'
      readonly server: string
      readonly userCode: string
      readonly verificationUri: string
      readonly verificationUriComplete: string
      readonly expiresAt: number
    }
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'keychain-missing'; readonly message: string }
  | {
      readonly type: 'enrolled'
      readonly server: string
      readonly device: { readonly id: string; readonly name: string }
      readonly storage: Storage
      readonly link: LinkState
    }
  | { readonly type: 'renamed'; readonly device: { readonly id: string; readonly name: string } }
  | { readonly type: 'link'; readonly link: LinkState }
  /** A command has arrived. */
  | { readonly type: 'show'; readonly screen: Screen }
  /** What history says was on the screen before. */
  | { readonly type: 'restore'; readonly screen: Screen }
  /** What this kiosk has under way. */
  | { readonly type: 'tasks'; readonly tasks: readonly TaskView[] }
  | { readonly type: 'rejected'; readonly message: string }

export const beginKiosk: Kiosk = { view: { phase: 'starting' }, notice: null, shown: false }

/** The next state of a kiosk. Events that belong to another phase change nothing. */
export function step(kiosk: Kiosk, event: KioskEvent): Kiosk {
  const { view, notice } = kiosk
  switch (event.type) {
    case 'unreachable': {
      const { type: _, at, ...trouble } = event
      const since = view.phase === 'unreachable' ? view.since : at
      return { ...kiosk, view: { phase: 'unreachable', since, ...trouble } }
    }
    case 'code': {
      const { type: _, ...code } = event
      return { ...kiosk, view: { phase: 'enrolling', ...code, notice } }
    }
    case 'notice':
      return {
        ...kiosk,
        notice: event.message,
        view: view.phase === 'enrolling' ? { ...view, notice: event.message } : view,
      }
    case 'keychain-missing':
      return { ...kiosk, view: { phase: 'no-keychain', message: event.message } }
    case 'enrolled': {
      const { type: _, ...enrolled } = event
      const view: KioskState = { phase: 'enrolled', ...enrolled, screen: { kind: 'waiting' }, tasks: [] }
      return { view, notice: null, shown: false }
    }
    case 'renamed':
      return view.phase === 'enrolled' ? { ...kiosk, view: { ...view, device: event.device } } : kiosk
    case 'link':
      return view.phase === 'enrolled' ? { ...kiosk, view: { ...view, link: event.link } } : kiosk
    case 'show':
      if (view.phase !== 'enrolled') return kiosk
      return { ...kiosk, view: { ...view, screen: event.screen }, shown: true }
    case 'restore':
      if (view.phase !== 'enrolled' || kiosk.shown) return kiosk
      return { ...kiosk, view: { ...view, screen: event.screen } }
    case 'tasks':
      return view.phase === 'enrolled' ? { ...kiosk, view: { ...view, tasks: event.tasks } } : kiosk
    case 'rejected':
      return { view: { phase: 'starting' }, notice: event.message, shown: false }
  }
}
