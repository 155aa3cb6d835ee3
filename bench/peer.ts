import type { Opening } from './load/link.ts'

/** A server that is measured. */
export interface Peer {
  /** What tables call it. */
  readonly name: string
  readonly measures: readonly MeasureName[]
  /** Why it cannot be measured here, or null. */
  readonly missing: () => string | null
  start(): Promise<RunningPeer>
}

export const measureNames = ['fan-out', 'latency', 'connections', 'idle', 'publishing'] as const
export type MeasureName = (typeof measureNames)[number]

/** It listens on a free port of 127.0.0.1 in a process of its own, and nobody else uses it. */
export interface RunningPeer extends AsyncDisposable {
  readonly port: number
  /**
   * What it takes to let up to `count` subscribers in, made beforehand and valid for some seconds. May be fewer than
   * asked for.
   */
  prepare(count: number): Promise<readonly Opening[]>
  /** Has so many publications sent to all subscribers, at once. */
  publish(count: number): void
  usage(): Promise<Usage>
  /** Publishes for a while with so many unconfirmed at a time; answers how many were confirmed. */
  publishConfirmed?(options: { readonly underWay: number; readonly seconds: number }): Promise<number>
  /** The same through the HTTP API, one at a time on each connection. */
  publishByHttp?(options: { readonly connections: number; readonly seconds: number }): Promise<number>
}

/** What the server's process has used so far. */
export interface Usage {
  readonly cpuSeconds: number
  readonly residentBytes: number
}

/** What each publication carries, about 200 bytes of JSON. */
export const payload = { text: 'x'.repeat(188) }
