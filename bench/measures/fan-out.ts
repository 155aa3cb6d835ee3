import type { Subscribers } from '../load/subscribers.ts'
import type { RunningPeer } from '../peer.ts'

export interface FanOut {
  readonly perCpuSecond: number
  readonly publicationsPerSecond: number
}

/**
 * What a server delivers while so many publications are under way, each from a publisher of its own who publishes the
 * next when every subscriber has it. Those who get to know of it in the same moment publish in the same moment.
 */
export async function fanOut(
  peer: RunningPeer,
  subscribers: Subscribers,
  { underWay, seconds }: { readonly underWay: number; readonly seconds: number },
): Promise<FanOut> {
  // What compiles while it runs shall have done so.
  await publishFor(seconds / 4)
  const before = await peer.usage()
  const begun = performance.now()
  const publications = await publishFor(seconds)
  const elapsed = (performance.now() - begun) / 1000
  const { cpuSeconds } = await peer.usage()
  return {
    perCpuSecond: (publications * subscribers.count) / (cpuSeconds - before.cpuSeconds),
    publicationsPerSecond: publications / elapsed,
  }

  /** Answers how many there were, when all of them have arrived everywhere. */
  function publishFor(duration: number): Promise<number> {
    const end = performance.now() + duration * 1000
    let published = 0
    let due = 0
    return new Promise((resolve, reject) => {
      subscribers.restart()
      subscribers.onLost = reject
      subscribers.onComplete = (publication) => {
        if (performance.now() < end) publishSoon()
        else if (publication + 1 === published + due) resolve(published)
      }
      for (let publisher = 0; publisher < underWay; publisher++) publishSoon()
    })

    function publishSoon(): void {
      due += 1
      if (due === 1) queueMicrotask(publishDue)
    }

    function publishDue(): void {
      published += due
      peer.publish(due)
      due = 0
    }
  }
}
