import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shellFault } from '#protocol/device-report.ts'
import { beginContent, type Content, type ContentAction, type ContentEvent, usualLimits, wakeAt } from './content.ts'
import { step } from './supervisor.ts'

const limits = usualLimits
const pages = ['https://signs.example.org/a', 'https://signs.example.org/b'] as const

/** What a page, a network and an operator can do, in any order. `stale` says it of an earlier load. */
const happening = fc.record({
  after: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 40_000 })),
  stale: fc.boolean(),
  what: fc.oneof(
    { weight: 1, arbitrary: fc.record({ type: fc.constant('show'), url: fc.constantFrom(...pages, null) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('reload'), fresh: fc.boolean() }) },
    { weight: 8, arbitrary: fc.constant({ type: 'tick' }) },
    { weight: 6, arbitrary: fc.constant({ type: 'loaded' }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('trouble'),
        fault: fc.constantFrom(...shellFault.options),
        detail: fc.constant(''),
      }),
    },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('frame'), blank: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('memory'), megabytes: fc.integer({ min: 0, max: 3000 }) }) },
    { weight: 4, arbitrary: fc.constant({ type: 'navigated' }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('copy'), shown: fc.boolean() }) },
    { weight: 6, arbitrary: fc.record({ type: fc.constant('probed'), ok: fc.boolean() }) },
  ),
})
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

test('whatever happens in whatever order, restarts stay within their bound', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 300, size: 'max' }), (happenings) => {
      const { loads } = play(happenings)
      for (const { at } of loads) {
        const within = loads.filter((one) => one.at > at - limits.windowMs && one.at <= at && !one.told)
        expect(within.length).toBeLessThanOrEqual(boundFor(loads, at))
      }
    }),
    { numRuns: 500 },
  )
})

test('a page that does its worst as fast as it can is loaded no more often than that either', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shellFault.options), fc.boolean(), (fault, loadsFirst) => {
      let content = step(beginContent(0), { type: 'show', at: 0, url: pages[0] }, limits).content
      let loads = 0
      for (let at = 0; at < 3_600_000; at += 500) {
        const events: ContentEvent[] = [{ type: 'tick', at }]
        const { load } = content
        if (loadsFirst) events.push({ type: 'loaded', at, load })
        events.push({ type: 'trouble', at, load, fault, detail: '' }, { type: 'probed', at, load, ok: true })
        for (const event of events) {
          const taken = step(content, event, limits)
          content = taken.content
          loads += taken.actions.filter(({ type }) => type === 'load').length
        }
      }
      const windows = 3_600_000 / limits.windowMs
      expect(loads).toBeLessThanOrEqual(windows * (limits.restarts + limits.windowMs / limits.slowMs))
      expect(loads).toBeGreaterThan(windows)
    }),
  )
})

test('from wherever it got to, a page that behaves again is back', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200, size: 'max' }), (happenings) => {
      let { content, at } = play([...happenings, { after: 0, stale: false, what: { type: 'show', url: pages[0] } }])
      const begun = at
      for (let steps = 0; content.run.phase !== 'showing'; steps++) {
        expect(steps).toBeLessThan(20)
        const due = wakeAt(content, limits)
        if (due === null) throw new Error(`nothing is due in ${content.run.phase}`)
        const answered = (type: ContentAction['type']): ContentEvent[] =>
          type === 'load'
            ? [{ type: 'loaded', at, load: content.load }]
            : type === 'probe'
              ? [{ type: 'probed', at, load: content.load, ok: true }]
              : []
        if (content.run.phase === 'loading')
          content = step(content, answered('load')[0] as ContentEvent, limits).content
        else {
          at = Math.max(at, due)
          const queue: ContentEvent[] = [{ type: 'tick', at }]
          for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
            const taken = step(content, event, limits)
            content = taken.content
            queue.push(...taken.actions.flatMap(({ type }) => answered(type)))
          }
        }
      }
      expect(at - begun).toBeLessThanOrEqual(limits.slowMs + limits.loadMs + 8 * limits.probeMs)
    }),
    { numRuns: 500 },
  )
})

test('something is always due while a page is wanted and not on the screen', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200, size: 'max' }), (happenings) => {
      const { content, at } = play(happenings)
      if (content.url === null) expect(content.run.phase).toBe('waiting')
      if (content.url === null || content.run.phase === 'showing') return
      const due = wakeAt(content, limits)
      expect(due).not.toBeNull()
      expect((due ?? 0) - at).toBeLessThanOrEqual(limits.slowMs)
    }),
  )
})

interface Load {
  readonly at: number
  /** Because of a command, not of a fault. */
  readonly told: boolean
}

function play(happenings: readonly Happening[]): { content: Content; at: number; loads: readonly Load[] } {
  let at = 0
  let content = beginContent(at)
  const loads: Load[] = []
  for (const { after, stale, what } of happenings) {
    at += after
    const load = stale ? content.load - 1 : content.load
    const taken = step(content, { ...what, at, load } as ContentEvent, limits)
    content = taken.content
    const told = what.type === 'show' || what.type === 'reload'
    for (const { type } of taken.actions) if (type === 'load') loads.push({ at, told })
  }
  return { content, at, loads }
}

/** Restarts within one window: what a page may have, anew for each page that was told within it, and the slow ones. */
function boundFor(loads: readonly Load[], at: number): number {
  const told = loads.filter((one) => one.told && one.at > at - limits.windowMs && one.at <= at).length
  return (told + 1) * limits.restarts + Math.ceil(limits.windowMs / limits.slowMs)
}
