import type { Logger } from 'pino'
import { messageOf, type StoredException, stored } from '../exceptions.ts'
import type { Signature } from '../signature.ts'
import { signatureList } from '../signature.ts'
import type { TaskMessage } from '../task-message.ts'
import type { Chords } from './chords.ts'
import type { Results } from './results.ts'
import { type Mail, type Sending, sendSignature } from './send-signature.ts'

/** What a task was sent with, for when it has ended: links, the rest of its chain, its chord. */
export interface After {
  /** Answers what Python calls its children. @throws CanvasError, AmqpError, RedisError */
  succeeded(task: TaskMessage, result: unknown): Promise<readonly unknown[]>
  /** @throws CanvasError, AmqpError, RedisError */
  failed(task: TaskMessage): Promise<void>
  /** It is counted in its chord, if it is of one. @throws AmqpError, RedisError */
  counted(task: TaskMessage, status: string, result: string): Promise<void>
}

export interface AfterOptions {
  readonly node: string
  readonly mail: Mail
  /** Null where there is no Redis. */
  readonly chords: Chords | null
  readonly results: Results
  readonly log: Logger
}

export function createAfter({ node, mail, chords, results, log }: AfterOptions): After {
  return { succeeded, failed, counted }

  async function succeeded(task: TaskMessage, result: unknown): Promise<readonly unknown[]> {
    const { callbacks, chain } = task.embed
    const sending = { ...from(task), leading: [result] }
    const children: unknown[] = []
    for (const link of callbacks ?? []) children.push(...(await sendSignature(link, sending, mail)))
    const next = chain?.at(-1)
    if (next === undefined) return children
    const rest = chain?.slice(0, -1) ?? []
    return [...children, ...(await sendSignature(next, { ...sending, chain: rest }, mail))]
  }

  async function failed(task: TaskMessage): Promise<void> {
    await sendErrbacks(task.id, task.embed.errbacks ?? [], from(task))
  }

  async function counted(task: TaskMessage, status: string, result: string): Promise<void> {
    const { id, group, groupIndex: index, embed } = task
    if (embed.chord === null || group === null) return
    if (chords === null) {
      log.warn({ task: id, group }, 'a part of a chord has ended, which only Redis can count: set REDIS_URL')
      return
    }
    const end = await chords.ended({ id, group, index, status, result })
    if (end === null) return
    if (end.kind === 'failed') await chordFailed(embed.chord, task, end.sentence)
    else await finishChord(embed.chord, task, end.results)
    await chords.forget(group)
  }

  async function finishChord(body: Signature, task: TaskMessage, all: readonly unknown[]): Promise<void> {
    try {
      await sendSignature(body, { ...from(task), leading: [all] }, mail)
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'CanvasError') throw error
      await chordFailed(body, task, error.message)
    }
  }

  /** Whoever waits for a chord waits for its body, which is never sent now. */
  async function chordFailed(body: Signature, task: TaskMessage, sentence: string): Promise<void> {
    const { task_id: id, reply_to, link_error } = body.options ?? {}
    log.info({ chord: task.group, reason: sentence }, 'a chord has failed')
    if (typeof id !== 'string') return
    const exception: StoredException = stored.chordError(sentence)
    const errbacks = signatureList.safeParse(link_error)
    await sendErrbacks(id, errbacks.data ?? [], from(task))
    const of = { id, replyTo: reply_to ?? task.replyTo, group: body.options?.group_id ?? null, parentId: task.id }
    const traceback = messageOf({ type: exception.exc_type, args: exception.exc_message })
    await results.store(of, { status: 'FAILURE', result: JSON.stringify(exception), traceback })
  }

  async function sendErrbacks(id: string, errbacks: readonly Signature[], sending: Sending): Promise<void> {
    for (const errback of errbacks) await sendSignature(errback, { ...sending, leading: [id] }, mail)
  }

  function from({ id, rootId, priority, replyTo }: TaskMessage): Sending {
    return { leading: [], rootId, parentId: id, priority, replyTo, origin: node }
  }
}
