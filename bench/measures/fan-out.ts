import type { Subscribers } from '../load/subscribers.ts'
import type { RunningPeer } from '../peer.ts'

/** Deliveries per CPU second of the server: publishes `together` at once, the next when every subscriber has them all. */
export async function deliveriesPerCpuSecond(
  peer: RunningPeer,
  subscribers: Subscribers,
  { together, seconds }: { readonly together: number; readonly seconds: number },
): Promise<number> {
  // What compiles while it runs shall have done so.
  await publishFor(Math.min(seconds / 2, 1))
  const before = await peer.usage()
  const publications = await publishFor(seconds)
  return (publications * subscribers.count) / ((await peer.usage()).cpuSeconds - before.cpuSeconds)

  async function publishFor(duration: number): Promise<number> {
    const end = performance.now() + duration * 1000
    let publications = 0
    while (performance.now() < end) {
      const arrived = subscribers.arrival(together)
      peer.publish(together)
      await arrived
      publications += together
    }
    return publications
  }
}
