import type { Broker, BrokerListener, Publication } from '#server/broker/broker.ts'
import { BrokerError } from '#server/broker/broker-error.ts'

/** The trouble that an engine elsewhere may be in, between the realtime server and a broker that works. */
export interface Faults {
  /** Everything that the broker ever took, by channel, in its order. */
  readonly taken: Map<string, Taken[]>
  /** Questions wait: `before` they reach the broker, or `after` it has answered. Null lets them all pass. */
  hold(when: 'before' | 'after' | null): void
  /** Lets the question that waits longest pass. */
  passOne(): void
  /** How publications come here: at once, later but in order, or never. The way back to `open` loses what is lost. */
  way(state: 'open' | 'late' | 'cut'): void
  /** Lets the publication that is latest on its way arrive. */
  arriveOne(): void
  /** Every question is refused. `lost` is worse: publications are taken all the same. */
  away(state: 'refusing' | 'lost' | null): void
  /** Says that the way works again after an interruption. */
  resumed(): void
}

export interface Taken extends Pick<Publication, 'offset' | 'data' | 'tags'> {
  readonly epoch: string
}

export interface FaultyBroker extends Faults {
  /** Puts itself before a broker; again after a restart. */
  readonly through: (inner: Broker) => Broker
}

/** Keeps to the contract of `Broker` to the letter: nothing of a channel before `subscribe` resolves or once it is left. */
export function createFaultyBroker(): FaultyBroker {
  const taken = new Map<string, Taken[]>()
  const listeners = new Set<BrokerListener>()
  let subscribed = new Set<string>()
  let held: (() => void)[] = []
  let holding: 'before' | 'after' | null = null
  let onTheWay: (() => void)[] = []
  let wayState: 'open' | 'late' | 'cut' = 'open'
  let awayState: 'refusing' | 'lost' | null = null

  return {
    taken,
    hold(when) {
      holding = when
      if (when === null) for (const pass of held.splice(0)) pass()
    },
    passOne: () => held.shift()?.(),
    way(state) {
      wayState = state
      if (state === 'open') for (const arrive of onTheWay.splice(0)) arrive()
      if (state === 'cut') onTheWay = []
    },
    arriveOne: () => onTheWay.shift()?.(),
    away(state) {
      awayState = state
    },
    resumed: () => each((listener) => listener.resumed()),
    through,
  }

  function through(inner: Broker): Broker {
    subscribed = new Set()
    held = []
    onTheWay = []
    inner.listen({
      publication: (channel, publication, epoch) =>
        travel(channel, (listener) => listener.publication(channel, publication, epoch)),
      announcement: (channel, kind, info) => travel(channel, (listener) => listener.announcement(channel, kind, info)),
      resumed: () => {},
    })
    return {
      ...inner,
      async publish(channel, policy, publication) {
        if (awayState === 'refusing') throw unavailable()
        const published = await inner.publish(channel, policy, publication)
        const { offset, epoch, duplicate } = published
        if (!duplicate) listOf(channel).push({ offset, epoch, data: publication.data, tags: publication.tags ?? null })
        if (awayState === 'lost') throw unavailable()
        return published
      },
      history: (...query) => slowly(() => inner.history(...query)),
      async subscribe(channel) {
        await slowly(() => inner.subscribe(channel))
        subscribed.add(channel)
      },
      unsubscribe(channel) {
        subscribed.delete(channel)
        inner.unsubscribe(channel)
      },
      listen(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
      async [Symbol.asyncDispose]() {
        holding = null
        for (const pass of held.splice(0)) pass()
        await inner[Symbol.asyncDispose]()
      },
    }
  }

  async function slowly<T>(ask: () => Promise<T>): Promise<T> {
    if (awayState !== null) throw unavailable()
    if (holding === 'before') await new Promise<void>((pass) => held.push(pass))
    const answer = await ask()
    if (holding === 'after') await new Promise<void>((pass) => held.push(pass))
    return answer
  }

  function travel(channel: string, tell: (listener: BrokerListener) => void): void {
    const arrive = () => {
      if (subscribed.has(channel)) each(tell)
    }
    if (wayState === 'open') arrive()
    if (wayState === 'late') onTheWay.push(arrive)
  }

  function each(tell: (listener: BrokerListener) => void): void {
    for (const listener of listeners) tell(listener)
  }

  function listOf(channel: string): Taken[] {
    const known = taken.get(channel)
    if (known) return known
    const list: Taken[] = []
    taken.set(channel, list)
    return list
  }
}

function unavailable(): BrokerError {
  return new BrokerError('unavailable', 'The engine is away. Try again in a moment.')
}
