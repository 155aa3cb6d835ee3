import { describe, expect, test } from 'vitest'
import type { ShellFault } from '#protocol/device-report.ts'
import {
  beginContent,
  type Content,
  type ContentAction,
  type ContentEvent,
  shellStateOf,
  usualLimits,
  wakeAt,
} from './content.ts'
import { step } from './supervisor.ts'

const url = 'https://signs.example.org/lobby'
const limits = usualLimits

describe('the supervisor', () => {
  test('a page that is told is loaded, and shown once its document is there', () => {
    const kiosk = driven()
    kiosk.happens({ type: 'show', url })
    expect(kiosk.actions).toEqual([{ type: 'load', load: 1, url, fresh: false }])
    expect(kiosk.phase).toBe('loading')
    kiosk.happens({ type: 'loaded' })
    expect(kiosk.phase).toBe('showing')
    kiosk.happens({ type: 'show', url })
    expect(kiosk.actions).toHaveLength(1)
  })

  test('what lets somebody into the page is told to nobody, and the page is loaded with it', () => {
    const kiosk = driven()
    const secret = 'https://ada:hunter2@signs.example.org/?token=abc123&floor=3'
    kiosk.happens({ type: 'show', url: secret })
    expect(kiosk.actions).toMatchObject([{ type: 'load', url: secret }])
    expect(shellStateOf(kiosk.content, (at) => new Date(at)).url).toBe(
      'https://[masked]@signs.example.org/?token=[masked]&floor=3',
    )
  })

  test('nothing closes the page, and what it still says is ignored', () => {
    const kiosk = driven({ showing: true })
    const { load } = kiosk.content
    kiosk.happens({ type: 'show', url: null })
    kiosk.happens({ type: 'trouble', load, fault: 'renderer_gone', detail: '' })
    expect(kiosk.actions.at(-1)).toEqual({ type: 'close' })
    expect(kiosk.content).toMatchObject({ url: null, run: { phase: 'waiting' } })
  })

  test.each<ShellFault>(['renderer_gone', 'unresponsive', 'navigation_loop'])(
    'after %s the page is loaded again after a wait that doubles, five times, then once every two minutes',
    (fault) => {
      const kiosk = driven({ showing: true })
      const waits: number[] = []
      for (let restart = 0; restart < limits.restarts; restart++) {
        kiosk.happens({ type: 'trouble', fault, detail: '' })
        expect(kiosk.content).toMatchObject({ run: { phase: 'recovering' }, fault: { fault } })
        waits.push(kiosk.passTime())
        kiosk.happens({ type: 'loaded' })
      }
      expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000])
      kiosk.happens({ type: 'trouble', fault, detail: '' })
      expect(kiosk.content).toMatchObject({ run: { phase: 'failed' }, fault: { fault: 'crash_loop' } })
      expect(kiosk.content.fault?.message).toMatch(/again and again\. .*Show another page/)
      expect(kiosk.passTime()).toBe(limits.slowMs)
      expect(kiosk.phase).toBe('loading')
      kiosk.happens({ type: 'loaded' })
      expect(kiosk.phase).toBe('showing')
    },
  )

  test('a page that ran well for a while has its last fault forgotten, and its waits begin anew', () => {
    const kiosk = driven({ showing: true })
    kiosk.happens({ type: 'trouble', fault: 'renderer_gone', detail: '' })
    kiosk.passTime()
    kiosk.happens({ type: 'loaded' })
    expect(kiosk.content.fault).not.toBeNull()
    expect(kiosk.passTime()).toBe(limits.settleMs)
    expect(kiosk.content).toMatchObject({ fault: null, run: { phase: 'showing' }, restarts: [expect.any(Number)] })
    kiosk.happens({ type: 'trouble', fault: 'renderer_gone', detail: '' })
    expect(kiosk.passTime()).toBe(limits.firstMs)
  })

  test('a page that cannot be had is asked for by probes, which cost no restart, and is back with the first answer', () => {
    const kiosk = driven()
    kiosk.happens({ type: 'show', url })
    kiosk.happens({ type: 'trouble', fault: 'load_failed', detail: 'Nothing listens.' })
    expect(kiosk.actions.at(-1)).toMatchObject({ type: 'load-copy' })
    kiosk.happens({ type: 'copy', shown: false })
    for (let probe = 1; probe <= 40; probe++) {
      expect(kiosk.passTime()).toBeLessThanOrEqual(limits.probeMs)
      expect(kiosk.actions.at(-1)).toMatchObject({ type: 'probe' })
      expect(kiosk.phase).toBe(probe <= limits.probes ? 'recovering' : 'failed')
      kiosk.happens({ type: 'probed', ok: false })
    }
    expect(kiosk.content).toMatchObject({ restarts: [], fault: { fault: 'load_failed' } })
    kiosk.passTime()
    kiosk.happens({ type: 'probed', ok: true })
    expect(kiosk.phase).toBe('loading')
    expect(kiosk.content.restarts).toHaveLength(1)
  })

  test('meanwhile the last good copy is shown, and goes when the page is there again', () => {
    const kiosk = driven()
    kiosk.happens({ type: 'show', url })
    kiosk.happens({ type: 'trouble', fault: 'load_failed', detail: '' })
    kiosk.happens({ type: 'copy', shown: true })
    expect(kiosk.phase).toBe('cached')
    kiosk.passTime()
    kiosk.happens({ type: 'probed', ok: false })
    expect(kiosk.phase).toBe('cached')
    kiosk.passTime()
    kiosk.happens({ type: 'probed', ok: true })
    kiosk.happens({ type: 'loaded' })
    expect(kiosk.phase).toBe('showing')
  })

  test('a page that takes too long is a fault, also when the probe is answered each time', () => {
    const kiosk = driven()
    kiosk.happens({ type: 'show', url })
    for (let restart = 0; restart < limits.restarts; restart++) {
      expect(kiosk.passTime()).toBe(limits.loadMs)
      expect(kiosk.content).toMatchObject({ run: { phase: 'recovering' }, fault: { fault: 'load_timeout' } })
      kiosk.passTime()
      kiosk.happens({ type: 'probed', ok: true })
    }
    kiosk.passTime()
    kiosk.passTime()
    kiosk.happens({ type: 'probed', ok: true })
    expect(kiosk.content).toMatchObject({ run: { phase: 'failed' }, fault: { fault: 'load_timeout' } })
    expect(kiosk.passTime()).toBe(limits.slowMs)
    expect(kiosk.phase).toBe('loading')
  })

  test('a copy that dies does not end the asking', () => {
    const kiosk = driven()
    kiosk.happens({ type: 'show', url })
    kiosk.happens({ type: 'trouble', fault: 'load_failed', detail: '' })
    kiosk.happens({ type: 'copy', shown: true })
    kiosk.happens({ type: 'trouble', fault: 'renderer_gone', detail: '' })
    expect(kiosk.content).toMatchObject({ run: { phase: 'recovering' }, fault: { fault: 'load_failed' } })
    kiosk.passTime()
    expect(kiosk.actions.at(-1)).toMatchObject({ type: 'probe' })
  })

  test('a blank page is loaded again twice, then believed, until it shows something else', () => {
    const kiosk = driven({ showing: true })
    for (let restart = 0; restart < limits.blankRestarts; restart++) {
      kiosk.happens({ type: 'frame', blank: true })
      expect(kiosk.phase).toBe('showing')
      kiosk.happens({ type: 'frame', blank: true })
      expect(kiosk.content).toMatchObject({ run: { phase: 'recovering' }, fault: { fault: 'blank_frame' } })
      kiosk.passTime()
      kiosk.happens({ type: 'loaded' })
    }
    for (let frame = 0; frame < 100; frame++) kiosk.happens({ type: 'frame', blank: true })
    expect(kiosk.content).toMatchObject({
      run: { phase: 'showing', oneColour: true },
      fault: { fault: 'blank_frame', message: expect.stringContaining('stays as it is') },
    })
    expect(kiosk.content.restarts).toHaveLength(limits.blankRestarts)
    kiosk.happens({ type: 'frame', blank: false })
    expect(kiosk.content).toMatchObject({ run: { phase: 'showing', oneColour: false }, fault: null })
  })

  test('one blank frame between others is none', () => {
    const kiosk = driven({ showing: true })
    for (const blank of [true, false, true, false, true]) kiosk.happens({ type: 'frame', blank })
    expect(kiosk.phase).toBe('showing')
  })

  test('a page above the memory it may use is loaded again; at the limit it is not', () => {
    const kiosk = driven({ showing: true })
    kiosk.happens({ type: 'memory', megabytes: limits.megabytes })
    expect(kiosk.phase).toBe('showing')
    kiosk.happens({ type: 'memory', megabytes: limits.megabytes + 1 })
    expect(kiosk.content).toMatchObject({ run: { phase: 'recovering' }, fault: { fault: 'memory_ceiling' } })
    expect(kiosk.content.fault?.message).toContain('1025 MB')
  })

  test('a page that changes every second is no loop; one that goes round at once is', () => {
    const kiosk = driven({ showing: true })
    for (let second = 0; second < 100; second++) kiosk.happens({ type: 'navigated' }, 1001)
    expect(kiosk.phase).toBe('showing')
    for (let times = 0; times < 10; times++) kiosk.happens({ type: 'navigated' }, 10)
    expect(kiosk.content).toMatchObject({ run: { phase: 'recovering' }, fault: { fault: 'navigation_loop' } })
  })

  test('a reload is obeyed in every phase but waiting, and is the way out of failed', () => {
    const kiosk = driven()
    kiosk.happens({ type: 'reload', fresh: true })
    expect(kiosk.actions).toEqual([])
    kiosk.happens({ type: 'show', url })
    for (let fault = 0; fault <= limits.restarts; fault++) {
      kiosk.happens({ type: 'trouble', fault: 'renderer_gone', detail: '' })
      if (kiosk.phase === 'recovering') kiosk.passTime()
    }
    expect(kiosk.phase).toBe('failed')
    kiosk.happens({ type: 'reload', fresh: true })
    expect(kiosk.actions.at(-1)).toMatchObject({ type: 'load', fresh: true })
  })

  test('another page has all its restarts', () => {
    const kiosk = driven({ showing: true })
    kiosk.happens({ type: 'trouble', fault: 'renderer_gone', detail: '' })
    kiosk.passTime()
    kiosk.happens({ type: 'show', url: `${url}/2` })
    expect(kiosk.content).toMatchObject({ restarts: [], fault: null, run: { phase: 'loading' } })
  })
})

/** A supervisor with a clock of its own. */
function driven({ showing = false } = {}) {
  let at = 0
  let content: Content = beginContent(at)
  const actions: ContentAction[] = []
  const take = (event: ContentEvent): void => {
    const taken = step(content, event, limits)
    content = taken.content
    actions.push(...taken.actions)
  }
  const driver = {
    actions,
    get content() {
      return content
    },
    get phase() {
      return content.run.phase
    },
    /** Of the newest load unless it says otherwise. */
    happens(event: Happening, after = 0): void {
      at += after
      take({ load: content.load, ...event, at } as ContentEvent)
    },
    /** Lets time go by until something is due; answers how long that took. */
    passTime(): number {
      const due = wakeAt(content, limits)
      if (due === null) throw new Error('nothing is due')
      const waited = due - at
      at = due
      take({ type: 'tick', at })
      return waited
    },
  }
  if (showing) {
    driver.happens({ type: 'show', url })
    driver.happens({ type: 'loaded' })
  }
  return driver
}

type Happening = ContentEvent extends infer E
  ? E extends ContentEvent
    ? Omit<E, 'at' | 'load'> & { load?: number }
    : never
  : never
