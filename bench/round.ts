import { createSubscribers } from './load/subscribers.ts'
import { connectionsPerCpuSecond } from './measures/connections.ts'
import { fanOut } from './measures/fan-out.ts'
import { idleKibPerConnection } from './measures/idle.ts'
import { type Latency, latency } from './measures/latency.ts'
import type { MeasureName, Peer, RunningPeer } from './peer.ts'
import { carillon } from './peers/carillon.ts'
import { socketIo } from './peers/socket-io.ts'
import type { RowName, Sheet } from './sheet.ts'

export interface Sizes {
  /** How long each figure is taken. */
  readonly seconds: number
  /** Longer: a p99 has to be of more than one hiccup. */
  readonly latencySeconds: number
  readonly connections: number
  readonly idle: number
}

interface RoundOptions {
  readonly peers: readonly Peer[]
  readonly measures: readonly MeasureName[]
  readonly sizes: Sizes
  readonly sheet: Sheet
  readonly say: (line: string) => void
}

/** Each measure with one peer after the other, so that a machine which gets slower does so for all of them. */
export async function runRound({ peers, measures, sizes, sheet, say }: RoundOptions): Promise<void> {
  /** What Socket.IO could do in this round. */
  let socketIoHalf: number | null = null
  const wants = (peer: Peer, measure: MeasureName) => measures.includes(measure) && peer.measures.includes(measure)

  for (const peer of peers)
    if (wants(peer, 'fan-out') || wants(peer, 'latency')) await measured(peer, 'fan-out', fanOuts)
  for (const peer of peers) {
    if (!wants(peer, 'connections')) continue
    await measured(peer, 'connections', async (running) => {
      put('connections', peer, await connectionsPerCpuSecond(running, sizes.connections))
    })
  }
  for (const peer of peers) {
    if (!wants(peer, 'idle')) continue
    await measured(peer, 'idle', async (running) => put('idle', peer, await idleKibPerConnection(running, sizes.idle)))
  }
  for (const peer of peers) if (wants(peer, 'publishing')) await measured(peer, 'publishing', publishing)

  async function measured(peer: Peer, what: string, measure: (running: RunningPeer, peer: Peer) => Promise<void>) {
    say(`${what}: ${peer.name}`)
    await using running = await peer.start()
    await measure(running, peer)
  }

  async function fanOuts(running: RunningPeer, peer: Peer): Promise<void> {
    using subscribers = createSubscribers(running)
    await subscribers.open(1000)
    const { seconds } = sizes
    const deliveries = async (row: RowName, underWay: number) => {
      const { perCpuSecond, publicationsPerSecond } = await fanOut(running, subscribers, { underWay, seconds })
      if (wants(peer, 'fan-out')) put(row, peer, perCpuSecond)
      return publicationsPerSecond
    }
    if (wants(peer, 'fan-out')) await deliveries('one1000', 1)
    const most = await deliveries('many1000', 32)
    if (wants(peer, 'latency')) await latencies(most / 2)
    if (wants(peer, 'fan-out')) {
      await subscribers.open(4000)
      await deliveries('one5000', 1)
      await deliveries('many5000', 32)
    }

    async function latencies(half: number): Promise<void> {
      const seconds = sizes.latencySeconds
      put('halfRate', peer, half)
      putLatency(['halfP50', 'halfP99'], peer, await latency(running, subscribers, { perSecond: half, seconds }))
      if (peer === socketIo) socketIoHalf = half
      if (peer !== carillon[0] || socketIoHalf === null) return
      const tenfold = await latency(running, subscribers, { perSecond: socketIoHalf * 10, seconds })
      putLatency(['tenfoldP50', 'tenfoldP99'], peer, tenfold)
    }
  }

  async function publishing(running: RunningPeer, peer: Peer): Promise<void> {
    const { seconds } = sizes
    await running.publishConfirmed?.({ underWay: 64, seconds: seconds / 2 })
    const confirmed = await running.publishConfirmed?.({ underWay: 64, seconds })
    if (confirmed !== undefined) put('confirmed', peer, confirmed / seconds)
    await running.publishByHttp?.({ connections: 16, seconds: seconds / 2 })
    const byHttp = await running.publishByHttp?.({ connections: 16, seconds })
    if (byHttp !== undefined) put('confirmedHttp', peer, byHttp / seconds)
  }

  function putLatency([p50, p99]: readonly [RowName, RowName], peer: Peer, measured: Latency | null): void {
    put(p50, peer, measured?.p50Ms ?? Number.NaN)
    put(p99, peer, measured?.p99Ms ?? Number.NaN)
  }

  function put(row: RowName, peer: Peer, value: number): void {
    sheet.put(row, peer.name, value)
  }
}
