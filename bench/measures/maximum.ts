import type { Subscribers } from '../load/subscribers.ts'
import type { RunningPeer } from '../peer.ts'

/**
 * The publications a second, by the clock, that server and machine carry: 32 are under way, each from a publisher of its
 * own who publishes the next when every subscriber has it.
 */
export async function maximumPerSecond(peer: RunningPeer, subscribers: Subscribers, seconds: number): Promise<number> {
  await publishFor(Math.min(seconds / 2, 1))
  const begun = performance.now()
  const publications = await publishFor(seconds)
  return (publications * 1000) / (performance.now() - begun)

  /** Answers how many there were, when all of them have arrived everywhere. */
  function publishFor(duration: number): Promise<number> {
    const end = performance.now() + duration * 1000
    let published = underWay
    return new Promise((resolve, reject) => {
      subscribers.restart()
      subscribers.onLost = reject
      subscribers.onComplete = (publication) => {
        if (performance.now() < end) {
          published += 1
          peer.publish(1)
        } else if (publication + 1 === published) {
          resolve(published)
        }
      }
      for (let n = 0; n < underWay; n++) peer.publish(1)
    })
  }
}

const underWay = 32
