import type { BrowserWindow } from 'electron'
import type { ShellFault, ShellState } from '#protocol/device-report.ts'
import type { KioskState } from '#protocol/ipc.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import type { Log } from '../log.ts'
import type { Clock } from './clock.ts'
import type { Limits } from './content.ts'
import type { LastGood } from './last-good.ts'
import type { Profile } from './profile.ts'

/**
 * What a kiosk's window shows besides our own words: a page of somebody's, watched and brought back. Everything else in
 * the app knows the content through this alone.
 */
export interface Shell extends Disposable {
  /** As the supervisor sees it; told to `onState` at every change. */
  readonly state: ShellState
  /** The newest 50 things the supervisor did, oldest first. */
  readonly history: readonly ShellRecord[]
  /** What our own page is told of all this. */
  readonly view: ShellView
  /** Which switches for memory this run has. */
  readonly profile: Profile
  /** How far the machine's clock is from the server's, in seconds; positive when it is behind. Null while unknown. */
  readonly clockOffset: number | null
  /** Shows what the kiosk's screen is told to show, and makes room for what the kiosk has to say itself. */
  follow(state: KioskState): void
  /**
   * Shows this page, or with null nothing. The same address again while it runs changes nothing. An address that is not
   * of an allowed origin is refused with a sentence that says so; what is shown stays.
   */
  show(url: string | null): ShellAnswer
  /** Loads the page from the beginning, with `fresh` past the cache; also the way out of `failed` before its time. */
  reload(fresh: boolean): ShellAnswer
  /** Shows the name of this screen in large letters for so long. */
  identify(seconds: number): void
  /** Hides the content while our own page needs the whole screen, as the pane does. */
  cover(on: boolean): void
  /** The kiosk is with the server of this origin now: its pages may be shown, and its clock is the measure. */
  use(server: string): void
  /** Whose pages may be shown, besides the server's own and those given at the start. */
  allow(origins: readonly string[]): void
  /** A PNG of what the window shows: our page with the content over it. */
  capture(): Promise<Buffer>
}

export type ShellAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'origin_not_allowed' | 'nothing_shown'; readonly message: string }

/** A line of the supervisor's history. Never holds what a page said. */
export interface ShellRecord {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly phase: ShellState['phase']
  readonly fault: ShellFault | null
  readonly message: string | null
}

export interface ShellOptions {
  readonly window: BrowserWindow
  /** The origin of the server to begin with. */
  readonly server: string
  /** Origins given at the start. */
  readonly allowed: readonly string[]
  readonly profile: Profile
  readonly clock: Pick<Clock, 'offset' | 'trouble' | 'use'>
  readonly lastGood: LastGood
  /** What was wrong when this kiosk started; for the screen. */
  readonly notice: string | null
  /** Whether two fingers may enlarge a page, and whether a pointer is drawn over it. */
  readonly pinchZoom: boolean
  readonly pointer: boolean
  readonly limits: Limits
  readonly log: Log
  onState(state: ShellState): void
  onView(view: ShellView): void
}
