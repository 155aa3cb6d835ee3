import type { RunningPeer } from '../peer.ts'
import { type Link, type Opening, openLink } from './link.ts'

/** Subscribers of one server that count what they are sent. */
export interface Subscribers extends Disposable {
  readonly count: number
  /** Opens more. `aroundOpening` wraps the opening of each batch, without what prepares it. */
  open(count: number, aroundOpening?: (open: () => Promise<void>) => Promise<void>): Promise<void>
  /** Told of each chunk: how many publications it completes, and how many its subscriber had since `restart`. */
  onPublications: ((count: number, before: number) => void) | null
  /** Told when the last subscriber has got a publication, by its number since `restart`, from 0 on. */
  onComplete: ((publication: number) => void) | null
  /** The next publication is number 0. */
  restart(): void
  /** Restarts; resolves when every subscriber has so many publications, and rejects when the server closes one. */
  arrival(publications: number): Promise<void>
  /** Told when the server closes a subscriber. */
  onLost: ((error: Error) => void) | null
}

/** Connections being opened at a time. */
const openingAtOnce = 64

export function createSubscribers(peer: RunningPeer): Subscribers {
  const links: Link[] = []
  /** Of each subscriber, by its place in `links`. */
  const counts: number[] = []
  /** How many subscribers have each publication, and the first that not all have. */
  let deliveries: number[] = []
  let incomplete = 0

  const subscribers: Subscribers = {
    get count() {
      return links.length
    },
    async open(count, aroundOpening = (open) => open()) {
      const goal = links.length + count
      while (links.length < goal) {
        const openings = await peer.prepare(goal - links.length)
        await aroundOpening(() => openAll(openings))
      }
    },
    onPublications: null,
    onComplete: null,
    onLost: null,
    arrival(publications) {
      subscribers.restart()
      return new Promise((resolve, reject) => {
        subscribers.onLost = reject
        subscribers.onComplete = (publication) => {
          if (publication + 1 === publications) resolve()
        }
      })
    },
    restart() {
      counts.fill(0)
      deliveries = []
      incomplete = 0
    },
    [Symbol.dispose]() {
      for (const link of links) link.destroy()
    },
  }
  return subscribers

  async function openAll(openings: readonly Opening[]): Promise<void> {
    let next = 0
    const openOneByOne = async () => {
      for (let opening = openings[next++]; opening; opening = openings[next++]) await openOne(opening)
    }
    await Promise.all(Array.from({ length: openingAtOnce }, openOneByOne))
  }

  async function openOne(opening: Opening): Promise<void> {
    const link = await openLink(peer.port)
    const take = await opening(link)
    const place = links.push(link) - 1
    counts.push(0)
    link.onClosed = () => subscribers.onLost?.(new Error('the server closed a subscriber'))
    link.follow(take, (count) => {
      const before = counts[place] ?? 0
      counts[place] = before + count
      subscribers.onPublications?.(count, before)
      for (let n = before; n < before + count; n++) deliveries[n] = (deliveries[n] ?? 0) + 1
      while (deliveries[incomplete] === links.length) subscribers.onComplete?.(incomplete++)
    })
  }
}
