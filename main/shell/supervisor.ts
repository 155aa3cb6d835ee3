import type { ShellFault } from '#protocol/device-report.ts'
import {
  beginContent,
  type Content,
  type ContentAction,
  type ContentEvent,
  isLive,
  type Limits,
  type Retry,
  type Run,
  wakeAt,
} from './content.ts'
import { faultSentence, faultWords, isUnavailable } from './faults.ts'

export interface Step {
  readonly content: Content
  readonly actions: readonly ContentAction[]
}

/**
 * The supervisor as a pure state machine: what happened goes in, what to do comes out. Nothing here gives up for good:
 * nobody is there to start it again.
 */
export function step(content: Content, event: ContentEvent, limits: Limits): Step {
  if ('load' in event && event.load !== content.load) return { content, actions: [] }
  switch (event.type) {
    case 'show':
      return show(content, event.at, event.url, limits)
    case 'reload':
      return content.url === null ? stay(content) : load({ ...content, faults: 0 }, event.at, event.fresh, limits)
    case 'tick':
      return tick(recount(content, event.at, limits), event.at, limits)
    case 'trouble':
      return trouble(content, event.at, event.fault, event.detail, limits)
    case 'loaded': {
      if (content.run.phase !== 'loading') return stay(content)
      return stay({ ...content, run: { phase: 'showing', since: event.at, blanks: 0, oneColour: false } })
    }
    case 'frame':
      return frame(content, event.at, event.blank, limits)
    case 'memory':
      if (!isLive(content) || event.megabytes <= limits.megabytes) return stay(content)
      return trouble(content, event.at, 'memory_ceiling', `It uses ${event.megabytes} MB.`, limits)
    case 'navigated':
      return navigated(content, event.at, limits)
    case 'copy':
      if (content.run.phase !== 'recovering' || !event.shown) return stay(content)
      return stay({ ...content, run: { ...content.run, phase: 'cached', since: event.at } })
    case 'probed':
      return probed(content, event.at, event.ok, limits)
    default:
      return event satisfies never
  }
}

function show(content: Content, at: number, url: string | null, limits: Limits): Step {
  if (url === null) {
    if (content.url === null) return stay(content)
    return { content: { ...beginContent(at), load: content.load + 1 }, actions: [{ type: 'close' }] }
  }
  if (url === content.url && content.run.phase !== 'failed') return stay(content)
  const restarts = url === content.url ? content.restarts : []
  return load({ ...beginContent(at), load: content.load, url, restarts }, at, false, limits)
}

function tick(content: Content, at: number, limits: Limits): Step {
  const { run, url } = content
  const due = wakeAt(content, limits)
  if (due === null || at < due || url === null) return stay(content)
  switch (run.phase) {
    case 'waiting':
      return stay(content)
    case 'loading':
      return trouble(content, at, 'load_timeout', `It took more than ${limits.loadMs / 1000} s.`, limits)
    case 'showing':
      return stay({ ...content, fault: null, faults: 0 })
    case 'cached':
    case 'recovering':
    case 'failed': {
      if (run.retry.by === 'load') return restart(content, at, limits, run.phase !== 'recovering')
      // Whoever asks answers; should the answer be lost all the same, it is asked again.
      const retry = { ...run.retry, at: at + 4 * limits.probeMs }
      return { content: { ...content, run: { ...run, retry } }, actions: [{ type: 'probe', load: content.load, url }] }
    }
    default:
      return run satisfies never
  }
}

/** A fault. A page that cannot be had is asked for by probes; one that misbehaves is loaded again after a wait. */
function trouble(content: Content, at: number, fault: ShellFault, detail: string, limits: Limits): Step {
  const { url, run } = content
  if (url === null) return stay(content)
  if (run.phase === 'cached') {
    // What has died is the copy; the page is asked for all the same.
    return { content: { ...content, run: { ...run, phase: 'recovering', since: at } }, actions: [{ type: 'close' }] }
  }
  if (!isLive(content)) return stay(content)
  const faults = content.faults + 1
  const next = { ...content, faults, fault: { fault, message: faultSentence(fault, detail) }, navigations: [] }
  if (isUnavailable(fault)) {
    const retry: Retry = { by: 'probe', at: at + Math.min(limits.firstMs, limits.probeMs), tries: 0 }
    const load = content.load + 1
    return {
      content: { ...next, load, run: { phase: 'recovering', since: at, retry } },
      actions: [{ type: 'load-copy', load, url }],
    }
  }
  if (recent(content, at, limits).length >= limits.restarts) return giveUp(next, at, limits)
  const retry: Retry = { by: 'load', at: at + delay(faults - 1, limits.firstMs, limits.longestMs), tries: 0 }
  return { content: { ...next, run: { phase: 'recovering', since: at, retry } }, actions: [{ type: 'close' }] }
}

/** Loads the page again if so many restarts are still allowed, or if this is the slow retry, which always is. */
function restart(content: Content, at: number, limits: Limits, slow: boolean): Step {
  const restarts = recent(content, at, limits)
  if (!slow && restarts.length >= limits.restarts) return giveUp(content, at, limits)
  return load({ ...content, restarts: [...restarts, at] }, at, false, limits)
}

/** No more restarts for now: the copy stays where there is one, else the screen says what is wrong. */
function giveUp(content: Content, at: number, limits: Limits): Step {
  const { run, fault } = content
  const retry: Retry = { by: 'load', at: at + limits.slowMs, tries: 0 }
  if (run.phase === 'cached') return stay({ ...content, run: { ...run, retry } })
  const last = fault?.fault ?? 'crash_loop'
  const said =
    isUnavailable(last) || last === 'crash_loop'
      ? fault
      : { fault: 'crash_loop' as const, message: faultSentence('crash_loop', faultWords[last].what) }
  return {
    content: { ...content, fault: said, run: { phase: 'failed', since: at, retry } },
    actions: [{ type: 'close' }],
  }
}

function probed(content: Content, at: number, ok: boolean, limits: Limits): Step {
  const { run } = content
  if (run.phase === 'waiting' || run.phase === 'loading' || run.phase === 'showing') return stay(content)
  if (run.retry.by !== 'probe') return stay(content)
  if (ok) return restart(content, at, limits, false)
  const tries = run.retry.tries + 1
  const retry: Retry = { by: 'probe', at: at + delay(tries, limits.firstMs, limits.probeMs), tries }
  if (run.phase !== 'recovering' || tries < limits.probes) return stay({ ...content, run: { ...run, retry } })
  return stay({ ...content, run: { phase: 'failed', since: at, retry } })
}

function frame(content: Content, at: number, blank: boolean, limits: Limits): Step {
  const { run, fault } = content
  if (run.phase !== 'showing') return stay(content)
  if (!blank) {
    if (run.blanks === 0 && !run.oneColour && content.blankRestarts === 0) return stay(content)
    const next = { ...content, blankRestarts: 0, run: { ...run, blanks: 0, oneColour: false } }
    return stay(run.oneColour && fault?.fault === 'blank_frame' ? { ...next, fault: null, faults: 0 } : next)
  }
  if (run.oneColour) return stay(content)
  if (run.blanks + 1 < limits.blanks) return stay({ ...content, run: { ...run, blanks: run.blanks + 1 } })
  const mayRestart =
    content.blankRestarts < limits.blankRestarts && recent(content, at, limits).length < limits.restarts
  if (mayRestart) {
    const counted = { ...content, blankRestarts: content.blankRestarts + 1 }
    return trouble(counted, at, 'blank_frame', '', limits)
  }
  // A page may be of one colour and mean it: it stays, and whoever looks after it is told.
  const message = faultSentence('blank_frame', 'Loading it again changed nothing, so it stays as it is.')
  return stay({ ...content, run: { ...run, blanks: 0, oneColour: true }, fault: { fault: 'blank_frame', message } })
}

function navigated(content: Content, at: number, limits: Limits): Step {
  if (!isLive(content)) return stay(content)
  const navigations = [...content.navigations.filter((one) => at - one < limits.navigationMs), at]
  if (navigations.length <= limits.navigations) return stay({ ...content, navigations })
  const detail = `It went to another page ${navigations.length} times in ${limits.navigationMs / 1000} s.`
  return trouble(content, at, 'navigation_loop', detail, limits)
}

function load(content: Content, at: number, fresh: boolean, limits: Limits): Step {
  const { url } = content
  if (url === null) return stay(content)
  const load = content.load + 1
  const run: Run = { phase: 'loading', since: at, deadline: at + limits.loadMs }
  return {
    content: { ...content, load, run, navigations: [] },
    actions: [{ type: 'load', load, url, fresh }],
  }
}

function recent({ restarts }: Content, at: number, { windowMs }: Limits): readonly number[] {
  return restarts.filter((one) => at - one < windowMs)
}

function recount(content: Content, at: number, limits: Limits): Content {
  const restarts = recent(content, at, limits)
  return restarts.length === content.restarts.length ? content : { ...content, restarts }
}

function delay(attempt: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 30))
}

function stay(content: Content): Step {
  return { content, actions: [] }
}
