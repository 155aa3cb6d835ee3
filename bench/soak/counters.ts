/** What all clients together have seen since the beginning. */
export interface Counters {
  deliveries: number
  reconnects: number
  resubscribes: number
  /** Came back and got what they missed. */
  recovered: number
  /** Came back and were told that they could not get it. */
  unrecovered: number
  /** A publication is missing, without a word. */
  gaps: number
  /** A publication came twice, out of order, or behind the reply to an unsubscribe. */
  disorder: number
  /** Connections that could not be made; tried again. */
  refused: number
  /** Why the server closed connections or ended subscriptions by itself. */
  readonly endings: Map<string, number>
}

export function newCounters(): Counters {
  return {
    ...{
      deliveries: 0,
      reconnects: 0,
      resubscribes: 0,
      recovered: 0,
      unrecovered: 0,
      gaps: 0,
      disorder: 0,
      refused: 0,
    },
    endings: new Map(),
  }
}
