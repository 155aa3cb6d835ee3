import { reportedUrl, type ShellFault, type ShellState } from '#protocol/device-report.ts'

/** The content of a kiosk as its supervisor sees it. Times are milliseconds of a clock that never jumps. */
export interface Content {
  readonly url: string | null
  /** Number of the newest load; what an earlier one still says is ignored. */
  readonly load: number
  readonly run: Run
  /** When it was loaded again because of a fault, within the window, oldest first. */
  readonly restarts: readonly number[]
  /** Faults in a row since the content last ran well. */
  readonly faults: number
  readonly fault: { readonly fault: ShellFault; readonly message: string } | null
  /** When the page went to another page by itself, lately. */
  readonly navigations: readonly number[]
  /** Restarts because of a blank frame since the last frame that was not. */
  readonly blankRestarts: number
}

/** `since`: when the phase began. What exists in one phase only lives there. */
export type Run =
  | { readonly phase: 'waiting'; readonly since: number }
  | { readonly phase: 'loading'; readonly since: number; readonly deadline: number }
  /** `blanks`: blank frames in a row. `oneColour`: it has been accepted that the page is like that. */
  | { readonly phase: 'showing'; readonly since: number; readonly blanks: number; readonly oneColour: boolean }
  | { readonly phase: 'cached' | 'recovering' | 'failed'; readonly since: number; readonly retry: Retry }

/** `probe`: the server is asked first, which costs no restart. `tries`: probes so far. */
export interface Retry {
  readonly by: 'probe' | 'load'
  readonly at: number
  readonly tries: number
}

export type ContentEvent =
  | { readonly type: 'show'; readonly at: number; readonly url: string | null }
  | { readonly type: 'reload'; readonly at: number; readonly fresh: boolean }
  /** The time that `wakeAt` named has come. */
  | { readonly type: 'tick'; readonly at: number }
  | ({ readonly at: number; readonly load: number } & (
      | { readonly type: 'loaded' }
      /** `detail`: a sentence about what happened. */
      | { readonly type: 'trouble'; readonly fault: ShellFault; readonly detail: string }
      | { readonly type: 'frame'; readonly blank: boolean }
      | { readonly type: 'memory'; readonly megabytes: number }
      | { readonly type: 'navigated' }
      /** The last good copy is on the screen, or there is none. */
      | { readonly type: 'copy'; readonly shown: boolean }
      | { readonly type: 'probed'; readonly ok: boolean }
    ))

/** Each names the load it belongs to: every `load` and `load-copy` replaces what was there before. */
export type ContentAction =
  | { readonly type: 'load'; readonly load: number; readonly url: string; readonly fresh: boolean }
  | { readonly type: 'load-copy'; readonly load: number; readonly url: string }
  | { readonly type: 'probe'; readonly load: number; readonly url: string }
  | { readonly type: 'close' }

export interface Limits {
  /** How long a page may take until its document is there. */
  readonly loadMs: number
  /** How long it has to run until its last fault is forgotten. */
  readonly settleMs: number
  /** So many restarts within `windowMs`; after that one every `slowMs`. */
  readonly restarts: number
  readonly windowMs: number
  readonly slowMs: number
  /** First and longest wait before a restart. */
  readonly firstMs: number
  readonly longestMs: number
  /** Longest wait between two probes, and how many until the screen calls it failed. */
  readonly probeMs: number
  readonly probes: number
  /** Blank frames in a row that make a fault, and restarts after which a page of one colour is believed. */
  readonly blanks: number
  readonly blankRestarts: number
  /** More than so many navigations within `navigationMs` are a loop. */
  readonly navigations: number
  readonly navigationMs: number
  /** Of the page's own process. */
  readonly megabytes: number
}

export const usualLimits: Limits = {
  loadMs: 15_000,
  settleMs: 30_000,
  restarts: 5,
  windowMs: 600_000,
  slowMs: 120_000,
  firstMs: 1000,
  longestMs: 30_000,
  probeMs: 5000,
  probes: 5,
  blanks: 2,
  blankRestarts: 2,
  navigations: 10,
  navigationMs: 10_000,
  megabytes: 1024,
}

export function beginContent(at: number): Content {
  return {
    ...{ url: null, load: 0, run: { phase: 'waiting', since: at }, restarts: [], faults: 0, fault: null },
    ...{ navigations: [], blankRestarts: 0 },
  }
}

/** When `tick` is due; null when nothing but an event can change anything. */
export function wakeAt({ run, fault }: Content, limits: Limits): number | null {
  switch (run.phase) {
    case 'waiting':
      return null
    case 'loading':
      return run.deadline
    case 'showing':
      return fault === null || run.oneColour ? null : run.since + limits.settleMs
    case 'cached':
    case 'recovering':
    case 'failed':
      return run.retry.at
    default:
      return run satisfies never
  }
}

/** Whether a page of the network is up, which can do something wrong. */
export function isLive({ run }: Content): boolean {
  return run.phase === 'loading' || run.phase === 'showing'
}

/** What the server and our own page are told. `toWall` turns a time of the steady clock into one of the wall's. */
export function shellStateOf(content: Content, toWall: (at: number) => Date): ShellState {
  const { url, run, fault, restarts } = content
  return {
    ...{ phase: run.phase, since: toWall(run.since).toISOString(), url: reportedUrl(url), restarts: restarts.length },
    ...{ fault: fault?.fault ?? null, message: fault?.message.slice(0, 500) ?? null },
  }
}
