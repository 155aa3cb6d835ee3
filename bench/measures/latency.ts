import { createHistogram } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { Subscribers } from '../load/subscribers.ts'
import type { RunningPeer } from '../peer.ts'

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * From when a publication was due until each subscriber had it, at a steady rate. Due, not sent: a server that falls
 * behind is not helped by being asked less. Null when it was still behind after as long again.
 */
export async function latency(
  peer: RunningPeer,
  subscribers: Subscribers,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Latency | null> {
  const total = Math.max(1, Math.round(perSecond * seconds))
  const begun = performance.now()
  const dueAt = (n: number) => begun + (n * 1000) / perSecond
  const delays = createHistogram({ highest: 600_000_000 })
  subscribers.onPublications = (count, before) => {
    const now = performance.now()
    for (let n = before; n < before + count; n++) {
      delays.record(Math.max(1, Math.round((now - dueAt(n)) * 1000)))
    }
  }
  const arrived = subscribers.arrival(total)
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * perSecond) / 1000) + 1)
    for (; sent < due; sent++) peer.publish(1)
    await pause(Math.max(0, dueAt(sent) - performance.now()))
  }
  const inTime = await Promise.race([arrived.then(() => true), pause(seconds * 1000 + 2000, false, { ref: false })])
  subscribers.onPublications = null
  if (!inTime) return null
  return { p50Ms: delays.percentile(50) / 1000, p99Ms: delays.percentile(99) / 1000 }
}
