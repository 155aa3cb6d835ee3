import { setTimeout as pause } from 'node:timers/promises'
import { createSubscribers } from '../load/subscribers.ts'
import type { RunningPeer } from '../peer.ts'

/** What one idle subscriber costs in resident memory, in KiB, once the server has come to rest. */
export async function idleKibPerConnection(peer: RunningPeer, count: number): Promise<number> {
  using subscribers = createSubscribers(peer)
  // What the first connections make a server load and compile is not the price of a connection.
  const first = Math.min(200, count)
  await subscribers.open(first)
  const before = await rested(peer)
  await subscribers.open(count)
  return ((await rested(peer)) - before) / count / 1024
}

const restMs = 1_000
const longestRestMs = 30_000

/** Resident memory when it has stopped falling. */
async function rested(peer: RunningPeer): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (let waited = 0; waited < longestRestMs; waited += restMs) {
    await pause(restMs)
    const { residentBytes } = await peer.usage()
    if (residentBytes > last * 0.995) return residentBytes
    last = residentBytes
  }
  return last
}
