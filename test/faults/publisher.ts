import { setTimeout as pause } from 'node:timers/promises'

/** A service with patience: what was not acknowledged is sent again with the same key, to one node or another, until it is. */
export interface Publisher {
  readonly acknowledged: readonly Acknowledged[]
  /** Answers that were no acknowledgement, by what they were. */
  readonly refusals: ReadonlyMap<string, number>
  /** Ends with everything acknowledged. */
  stop(): Promise<void>
}

export interface Acknowledged {
  readonly n: number
  readonly offset: number
  readonly epoch: string
}

export interface PublisherOptions {
  readonly nodes: readonly { readonly url: string; readonly key: string }[]
  readonly channel: string
  readonly perSecond: number
}

/** So often it publishes, each time as many as have become due. */
const stepMs = 50

export function startPublisher({ nodes, channel, perSecond }: PublisherOptions): Publisher {
  const acknowledged: Acknowledged[] = []
  const refusals = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const begun = performance.now()
  const run = crypto.randomUUID()
  let count = 0
  const steps = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * perSecond
    // A bound on what waits: whoever publishes has to wait as well when nothing is taken.
    while (count < due && underWay.size < 5 * perSecond) begin(++count)
  }, stepMs)

  return {
    acknowledged,
    refusals,
    async stop() {
      clearInterval(steps)
      await Promise.all(underWay)
    },
  }

  function begin(n: number): void {
    const work = publish(n).finally(() => underWay.delete(work))
    underWay.add(work)
  }

  async function publish(n: number): Promise<void> {
    const deadline = performance.now() + 60_000
    for (let attempt = n; ; attempt++) {
      const outcome = await ask(attempt, { channel, data: { n }, idempotency_key: `${run}-${n}` })
      if (typeof outcome !== 'string') {
        acknowledged.push({ n, ...outcome })
        return
      }
      refusals.set(outcome, (refusals.get(outcome) ?? 0) + 1)
      if (performance.now() > deadline) throw new Error(`${n} was not acknowledged within 60 s: ${outcome}`)
      await pause(100 + Math.random() * 200)
    }
  }

  async function ask(attempt: number, body: object): Promise<{ offset: number; epoch: string } | string> {
    const { url, key } = nodes[attempt % nodes.length] ?? { url: '', key: '' }
    try {
      const response = await fetch(`${url}/api/publish`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
      const answer = (await response.json()) as Answer
      if (answer.result) return answer.result
      return answer.error ? `error ${answer.error.code}` : `status ${response.status} ${answer.code}`
    } catch (error) {
      // The node is away, or was in the middle of it.
      return error instanceof Error && error.name === 'TimeoutError' ? 'no answer' : 'no connection'
    }
  }
}

interface Answer {
  readonly result?: { readonly offset: number; readonly epoch: string }
  readonly error?: { readonly code: number }
  readonly code?: string
}
