import type { Logger } from 'pino'
import { BrokerError } from '#server/broker/broker-error.ts'
import type { Bus } from '#server/broker/bus.ts'
import { createLocalBus } from '#server/broker/local-bus.ts'
import { type Peer, PeerError } from './peer.ts'
import type { PrimaryVerbs, WireAnswer, WorkerVerbs } from './verbs.ts'

export interface RemoteBusOptions {
  readonly peer: Peer<PrimaryVerbs, WorkerVerbs>
  /** The id of this worker among the nodes. */
  readonly node: string
  readonly log: Logger
}

/** The bus between the workers of one machine, which the primary passes messages along. */
export function createRemoteBus({ peer, node, log }: RemoteBusOptions): Bus {
  const own = createLocalBus({ log, node })
  peer.serve({
    hear: (kind, json) => own.tell(kind, parsed(json)),
    async answer(kind, json, timeoutMs) {
      const heard = await own.ask(node, kind, parsed(json), timeoutMs)
      return heard && { json: JSON.stringify(heard.answer) }
    },
  })

  return {
    node,
    async tell(kind, payload) {
      // This node first: what it does about it must not wait for the others.
      const heard = own.tell(kind, payload)
      await Promise.all([heard, peer.call('tell', [kind, JSON.stringify(payload)]).catch(rethrow)])
    },
    async askAll(kind, payload, timeoutMs = answerMs) {
      const asked = peer.call('askAll', [kind, JSON.stringify(payload), timeoutMs], timeoutMs + slackMs)
      const { answers, silent } = await asked.catch(rethrow)
      return { answers: new Map(answers.map(([from, answer]) => [from, answerOf(answer)])), silent }
    },
    async ask(to, kind, payload, timeoutMs = answerMs) {
      if (to === node) return own.ask(node, kind, payload, timeoutMs)
      const asked = peer.call('ask', [to, kind, JSON.stringify(payload), timeoutMs], timeoutMs + slackMs)
      const answer = await asked.catch(rethrow)
      return answer && { answer: answerOf(answer) }
    },
    handle: own.handle,
    nodes: () => peer.call('nodes', []).catch(rethrow),
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  }
}

/** How long an answer is waited for when nothing else is said, in milliseconds. */
const answerMs = 2_000

/** The primary waits for the others; this is for its own answer. */
const slackMs = 2_000

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json)
}

function answerOf({ json }: WireAnswer): unknown {
  return parsed(json)
}

function rethrow(error: unknown): never {
  if (error instanceof PeerError) throw new BrokerError('unavailable', error.message, { cause: error })
  throw error
}
