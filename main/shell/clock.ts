import type { Log } from '../log.ts'

/** The clock of this machine, held against the server's. A Raspberry Pi has none of its own and may begin in 1970. */
export interface Clock extends Disposable {
  /** How far the server's is ahead, in seconds; null while nobody knows. */
  readonly offset: number | null
  /** A sentence for the screen; null while the clock is fine as far as is known. */
  readonly trouble: string | null
  /** From now on it is held against this server's, whose origin is given. */
  use(server: string): void
}

export interface ClockOptions {
  /** The server's origin. */
  readonly server: string
  readonly log: Log
  onChange(): void
  readonly fetch?: typeof fetch
  readonly now?: () => number
  /** Milliseconds between two looks, while the clock is wrong or unknown and once it is known to be right. */
  readonly every?: { readonly soon: number; readonly later: number }
}

/** No Carillon is older: a clock before this is wrong, whatever anybody says. */
const earliest = Date.UTC(2026, 0, 1)
/** Clocks this near each other are one: the server names whole seconds, and a request takes time. */
const nearS = 2
/** From here on people and certificates notice. */
const farS = 60
const answerTimeoutMs = 5000

export function createClock(options: ClockOptions): Clock {
  const { log, onChange, fetch: ask = fetch, now = Date.now } = options
  const every = options.every ?? { soon: 10_000, later: 600_000 }
  let { server } = options
  let offset: number | null = null
  let trouble = clockTrouble(now(), offset)
  let timer: NodeJS.Timeout | undefined
  /** Aborts when what it looks at is of no interest any more. */
  let looking = new AbortController()

  async function look(): Promise<void> {
    const { signal } = looking
    const measured = await serverOffset(server, ask, now, signal)
    if (signal.aborted) return
    const before = { offset, trouble }
    // What was measured against a clock that has been set since says nothing any more.
    offset = measured
    trouble = clockTrouble(now(), offset)
    if (trouble !== before.trouble) log.warn('clock', { offset, trouble: trouble ?? 'none' })
    if (trouble !== before.trouble || offset !== before.offset) onChange()
    timer = setTimeout(() => void look(), trouble !== null || offset === null ? every.soon : every.later)
    timer.unref()
  }

  void look()
  return {
    get offset() {
      return offset
    },
    get trouble() {
      return trouble
    },
    use(next) {
      if (next === server) return
      server = next
      looking.abort()
      looking = new AbortController()
      clearTimeout(timer)
      void look()
    },
    [Symbol.dispose]() {
      looking.abort()
      clearTimeout(timer)
    },
  }
}

/** What is wrong with a clock that says `now`, in a sentence. */
export function clockTrouble(now: number, offset: number | null): string | null {
  if (offset === null || Math.abs(offset) < farS) {
    if (now >= earliest) return null
    const date = new Date(now).toISOString().slice(0, 10)
    return `This machine's clock says ${date}: secure pages fail until it is set.`
  }
  const side = offset > 0 ? 'behind' : 'ahead'
  return `This machine's clock is ${span(Math.abs(offset))} ${side}. Secure pages may fail until it is set.`
}

/** By the Date header of any answer. Null when there was none: also when TLS fails, which a wrong clock does. */
async function serverOffset(
  server: string,
  ask: typeof fetch,
  now: () => number,
  stopped: AbortSignal,
): Promise<number | null> {
  const begun = now()
  try {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(answerTimeoutMs)])
    const answer = await ask(`${server}/health/live`, { method: 'HEAD', redirect: 'manual', signal })
    const said = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isNaN(said)) return null
    const seconds = Math.round((said - (begun + now()) / 2) / 1000)
    return Math.abs(seconds) <= nearS ? 0 : seconds
  } catch {
    return null // the link says what is wrong with the server
  }
}

function span(seconds: number): string {
  const units = [
    [365 * 86_400, 'year'],
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ] as const
  const [size, name] = units.find(([size]) => seconds >= size) ?? [60, 'minute']
  const count = Math.round(seconds / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
