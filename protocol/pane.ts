import { z } from 'zod'
import type { DeviceHealth, ShellFault, ShellState } from './device-report.ts'
import type { LinkState, Outcome, Storage } from './ipc.ts'

/**
 * The local pane: what support staff see and do at the screen itself. Main keeps whether it is unlocked; of all verbs
 * but opening the lock and closing the pane it answers `pane_locked` until then. No answer carries a secret.
 */

/** A PIN that the screen knows, or one-time digits that an operator was given for it. */
export const paneWay = z.enum(['pin', 'code'])
export type PaneWay = z.infer<typeof paneWay>
/** Of either way. */
export const paneDigits = z.string().regex(/^\d{6,12}$/, 'Give 6 to 12 digits.')

export type PaneState =
  | { readonly phase: 'closed' }
  | {
      readonly phase: 'locked'
      /** What opens it now: a PIN a PIN while this screen has one, a code while its server can be asked about it. */
      readonly ways: readonly PaneWay[]
      /** What to do where nothing opens it; null where something does. */
      readonly advice: string | null
      /** No attempt before, in milliseconds since 1970; null when one is free. */
      readonly waitUntil: number | null
      readonly closesAt: number | null
    }
  /** `closesAt`: nobody has touched it for a while, and it closes by itself then; null before. */
  | { readonly phase: 'open'; readonly closesAt: number | null }

/** What the pane shows, anew every few seconds. */
export interface PaneFacts {
  /** Null while it is not enrolled. */
  readonly name: string | null
  readonly hostname: string
  readonly addresses: readonly { readonly network: string; readonly address: string }[]
  readonly server: string
  readonly enrolment: 'starting' | 'unreachable' | 'enrolling' | 'no-keychain' | 'enrolled'
  /** The code that an operator enters; null when there is none to enter. */
  readonly userCode: string | null
  readonly storage: Storage | null
  readonly link: LinkState | null
  readonly shell: ShellState | null
  /** What its supervisor did, newest first. */
  readonly history: readonly SupervisorRecord[]
  readonly health: DeviceHealth | null
  /** Of the app and what it runs on, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly startedAt: number
  /** Between which times of each night it begins anew, `03:00-05:00`; null where that is not planned. */
  readonly restartWindow: string | null
  /** Whether this app may start the machine anew. */
  readonly canReboot: boolean
}

export interface SupervisorRecord {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly phase: ShellState['phase']
  readonly fault: ShellFault | null
  readonly message: string | null
}

export interface NetworkStep {
  readonly name: 'address' | 'dns' | 'tcp' | 'tls' | 'carillon'
  /** `skipped`: it needs one before that failed, or there is nothing to do. */
  readonly state: 'waiting' | 'running' | 'ok' | 'failed' | 'skipped'
  /** What was found. */
  readonly result: string
  /** What to do about it; null when nothing. */
  readonly advice: string | null
}

/** Where a support bundle can go. `id` is only good until the places are asked for again. */
export interface BundlePlace {
  readonly id: string
  readonly kind: 'usb' | 'folder'
  readonly path: string
  /** Bytes; null when unknown. */
  readonly free: number | null
}

/** An outcome that brings something. */
export type Answer<T> = { readonly ok: true; readonly value: T } | Extract<Outcome, { ok: false }>

/** The verbs of `window.carillon.kiosk.pane`. */
export interface PaneBridge {
  state(): Promise<PaneState>
  onState(listener: (state: PaneState) => void): () => void
  unlock(way: PaneWay, digits: string): Promise<Outcome>
  close(): Promise<Outcome>
  facts(): Promise<Answer<PaneFacts>>
  /** The newest lines of the app's log, oldest first, without secrets. */
  log(): Promise<Answer<readonly string[]>>
  /** Answers once it is done; each step is told as it ends. */
  checkNetwork(): Promise<Answer<readonly NetworkStep[]>>
  onNetwork(listener: (steps: readonly NetworkStep[]) => void): () => void
  /** Tries the address, goes over to it, and comes back where that fails. Brings the origin. */
  changeServer(address: string): Promise<Answer<string>>
  rotateCredential(): Promise<Outcome>
  /** Brings whether the server has ended it as well. */
  forgetCredential(): Promise<Answer<boolean>>
  reloadContent(): Promise<Outcome>
  restartApp(): Promise<Outcome>
  reboot(): Promise<Outcome>
  places(): Promise<Answer<readonly BundlePlace[]>>
  /** Brings the path of the file. */
  saveBundle(place: string): Promise<Answer<string>>
}
