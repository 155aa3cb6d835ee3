import type { Nodes } from './nodes.ts'

export interface ActiveChannel {
  readonly channel: string
  readonly clients: number
}

/** For how long an answer stands, in milliseconds: consoles ask often, and each question goes to every node. */
const staysMs = 1_000

/**
 * Channels with subscribers on any node, busiest first. While a node does not answer, or where there are too many to
 * tell, they are those of this node: this is for looking at.
 */
export function createActiveChannels(
  nodes: Pick<Nodes, 'channels'>,
  onThisNode: () => readonly ActiveChannel[],
  clock: () => number,
): () => Promise<readonly ActiveChannel[]> {
  let known: { readonly until: number; readonly answer: Promise<readonly ActiveChannel[]> } | null = null

  return () => {
    const now = clock()
    if (!known || known.until <= now) known = { until: now + staysMs, answer: ask() }
    return known.answer
  }

  async function ask(): Promise<readonly ActiveChannel[]> {
    const asked = await nodes.channels('')
    if (!asked.ok) return onThisNode()
    return [...asked.value].map(([channel, clients]) => ({ channel, clients })).sort((a, b) => b.clients - a.clients)
  }
}
