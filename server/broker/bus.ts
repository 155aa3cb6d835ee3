/**
 * Messages between the nodes of one installation: what has to happen wherever a client is connected, and questions to
 * which each node knows a part of the answer. Payloads are JSON values; who answers a kind parses them before use.
 */
export interface Bus extends AsyncDisposable {
  /** This node's id: told to clients, new at each start. */
  readonly node: string
  /**
   * Tells all nodes, this one among them. A node that is cut off for a while is told when it is back, in order; this is
   * how revocations reach every node. Resolves when it is certain that the others will be told, or hear `lostKind`.
   *
   * @throws BrokerError `unavailable`: this node has been told, the others may not have
   */
  tell(kind: string, payload: unknown): Promise<void>
  /** Asks all nodes, this one among them, and waits for each at most `timeoutMs`, by default 2,000. */
  askAll(kind: string, payload: unknown, timeoutMs?: number): Promise<Answers>
  /** Asks one node. Null when there is no such node or it does not answer in time, by default 2,000 ms. */
  ask(node: string, kind: string, payload: unknown, timeoutMs?: number): Promise<{ readonly answer: unknown } | null>
  /** What this node does about messages of a kind. One handler a kind. Returns its removal. */
  handle(kind: string, handler: BusHandler): () => void
  /** The nodes that are alive, this one among them. */
  nodes(): Promise<readonly string[]>
}

/**
 * What a node hears, with null, when messages to it may have been lost: it was cut off for too long, or what keeps them
 * has forgotten them. Whoever depends on having heard everything looks for himself.
 */
export const lostKind = 'lost'

/** The answer is a JSON value. One that throws is logged and counts as silence. */
export type BusHandler = (payload: unknown) => unknown | Promise<unknown>

export interface Answers {
  /** By node. */
  readonly answers: ReadonlyMap<string, unknown>
  /** Nodes that are alive and did not answer in time. */
  readonly silent: readonly string[]
}
