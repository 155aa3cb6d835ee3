import type { Peer } from './peer.ts'
import type { PrimaryVerbs, WireAnswer, WireAnswers, WorkerVerbs } from './verbs.ts'

type Worker = Pick<Peer<WorkerVerbs, PrimaryVerbs>, 'call' | 'note'>

/** Passes what workers tell and ask each other along. The primary holds no clients and is not a node itself. */
export interface Switchboard {
  /** Returns the leaving. */
  join(node: string, worker: Worker): () => void
  /** To all but the one that tells, who has heard it already. */
  tell(from: string, kind: string, json: string | undefined): void
  askAll(kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswers>
  ask(node: string, kind: string, json: string | undefined, timeoutMs: number): Promise<WireAnswer | null>
  nodes(): readonly string[]
  /** What the primary itself adds when all are asked. */
  answer(kind: string, handler: (payload: unknown) => unknown): void
}

export function createSwitchboard(): Switchboard {
  const workers = new Map<string, Worker>()
  const handlers = new Map<string, (payload: unknown) => unknown>()

  async function ask(node: string, kind: string, json: string | undefined, timeoutMs: number) {
    try {
      return (await workers.get(node)?.call('answer', [kind, json, timeoutMs], timeoutMs)) ?? null
    } catch {
      return null // too late, or gone meanwhile: silence either way
    }
  }

  return {
    join(node, worker) {
      workers.set(node, worker)
      return () => void workers.delete(node)
    },
    tell(from, kind, json) {
      for (const [node, worker] of workers) if (node !== from) worker.note('hear', kind, json)
    },
    async askAll(kind, json, timeoutMs) {
      const asked = [...workers.keys()].map(async (node) => [node, await ask(node, kind, json, timeoutMs)] as const)
      const answers: [string, WireAnswer][] = []
      const silent: string[] = []
      for (const [node, answer] of await Promise.all(asked)) {
        if (answer !== null) answers.push([node, answer])
        // One that has ended meanwhile is not alive and silent.
        else if (workers.has(node)) silent.push(node)
      }
      const own = handlers.get(kind)
      if (own) answers.push(['primary', { json: JSON.stringify(await own(json && JSON.parse(json))) }])
      return { answers, silent }
    },
    ask,
    nodes: () => [...workers.keys()],
    answer: (kind, handler) => void handlers.set(kind, handler),
  }
}
