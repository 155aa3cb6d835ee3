import type { Taken } from './faulty-broker.ts'
import type { Entry, Place } from './follower.ts'

/** What a channel promises its subscribers. */
export interface Promised {
  /** `stream`: everything, or be told. `newest`: after an absence the newest. `passing`: no places, only an order. */
  readonly kind: 'stream' | 'newest' | 'passing'
  /** What a client asked for that subscribes itself. */
  readonly isWanted: (tags: Taken['tags']) => boolean
  /** Nothing was lost on the way here: then nothing is missing, and nobody is told so. */
  readonly isCalm: boolean
}

/** Compares what one client was told with what the broker took. Answers what is wrong, in words; nothing when all is well. */
export function judge(journal: readonly Entry[], taken: readonly Taken[], promised: Promised): readonly string[] {
  const wrong =
    promised.kind === 'passing' ? judgePassing(journal, taken, promised) : judgePlaces(journal, taken, promised)
  const alarms = journal.filter((entry) => entry.kind === 'left' && entry.insufficient)
  return promised.isCalm && alarms.length > 0 ? [...wrong, 'told that something is missing, and nothing was'] : wrong
}

function judgePlaces(journal: readonly Entry[], taken: readonly Taken[], { kind, isWanted }: Promised): string[] {
  const wrong: string[] = []
  const byPlace = new Map(taken.filter(({ offset }) => offset > 0).map((each) => [keyOf(each), each]))
  const passing = new Map(taken.filter(({ offset }) => offset === 0).map((each) => [each.data, each]))
  /** Up to where everything has been given or accounted for. */
  let at: Place | null = null
  let isFor = isWanted
  /** The publication that a recovery of the newest has to give next. */
  let due: Taken | undefined
  for (const entry of journal) {
    if (due && (entry.kind !== 'publication' || entry.offset !== due.offset)) {
      wrong.push(`${due.offset}, the newest, did not come before ${show(entry)}`)
      due = undefined
    }
    switch (entry.kind) {
      case 'placed':
        isFor = entry.by === 'client' ? isWanted : () => true
        at = entry.place
        break
      case 'recovered': {
        const { from, through } = entry
        isFor = entry.by === 'client' ? isWanted : () => true
        if (kind === 'newest') {
          due = newest(from.epoch === through.epoch ? from.offset : 0, through)
          at = due ? { epoch: through.epoch, offset: due.offset - 1 } : through
        } else {
          if (at?.epoch !== from.epoch || from.epoch !== through.epoch) wrong.push(`of another epoch: ${show(entry)}`)
          at = from
        }
        break
      }
      case 'publication':
        if (entry.offset === 0) takePassing(entry)
        else at = takeNext(entry, at)
        due = undefined
        break
      case 'left':
        break
      default:
        entry satisfies never
    }
  }
  return wrong

  function takePassing(entry: Given): void {
    const original = passing.get(entry.data)
    if (!original) wrong.push(`made up, or again: ${show(entry)}`)
    else if (!isFor(original.tags)) wrong.push(`not wanted: ${show(entry)}`)
    passing.delete(entry.data)
  }

  function takeNext(entry: Given, before: Place | null): Place {
    const original = byPlace.get(keyOf(entry))
    if (!original) wrong.push(`made up: ${show(entry)}`)
    else if (original.data !== entry.data) wrong.push(`changed on the way, was ${original.data}: ${show(entry)}`)
    else if (!isFor(original.tags)) wrong.push(`not wanted: ${show(entry)}`)
    if (before === null || before.epoch !== entry.epoch) wrong.push(`without a place: ${show(entry)}`)
    else if (entry.offset <= before.offset) wrong.push(`again, or out of order, after ${before.offset}: ${show(entry)}`)
    for (let offset = (before?.offset ?? 0) + 1; offset < entry.offset; offset++) {
      const missing = byPlace.get(keyOf({ epoch: entry.epoch, offset }))
      if (!missing || isFor(missing.tags)) wrong.push(`${offset} is missing before ${show(entry)}`)
    }
    return entry
  }

  function newest(after: number, { epoch, offset }: Place): Taken | undefined {
    for (let candidate = offset; candidate > after; candidate--) {
      const found = byPlace.get(keyOf({ epoch, offset: candidate }))
      if (found && isFor(found.tags)) return found
    }
    return undefined
  }
}

/** Each at most once and in order; and without a fault on the way, without a hole while subscribed. */
function judgePassing(journal: readonly Entry[], taken: readonly Taken[], { isCalm }: Promised): string[] {
  const wrong: string[] = []
  const order = new Map(taken.map(({ data }, index) => [data, index]))
  let last: number | null = null
  let here = -1
  for (const entry of journal) {
    if (entry.kind === 'left') last = null
    if (entry.kind !== 'publication') continue
    const index = order.get(entry.data)
    if (index === undefined) wrong.push(`made up: ${show(entry)}`)
    else if (index <= here) wrong.push(`again, or out of order: ${show(entry)}`)
    else if (isCalm && last !== null && index !== last + 1) wrong.push(`a hole before ${show(entry)}`)
    last = index ?? last
    here = index ?? here
  }
  return wrong
}

type Given = Extract<Entry, { kind: 'publication' }>

function keyOf({ epoch, offset }: Place): string {
  return `${epoch} ${offset}`
}

function show(entry: Entry): string {
  return JSON.stringify(entry).slice(0, 160)
}
