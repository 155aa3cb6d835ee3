import { createSubscribers } from '../load/subscribers.ts'
import type { RunningPeer } from '../peer.ts'

/** Connections let in and subscribed per CPU second of the server; what they prove themselves with is made beforehand. */
export async function connectionsPerCpuSecond(peer: RunningPeer, count: number): Promise<number> {
  using subscribers = createSubscribers(peer)
  // The first ones compile the server.
  await subscribers.open(Math.ceil(count / 3))
  let cpu = 0
  await subscribers.open(count, async (open) => {
    const before = await peer.usage()
    await open()
    cpu += (await peer.usage()).cpuSeconds - before.cpuSeconds
  })
  return count / cpu
}
