import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { encodeTask } from '../encode-task.ts'
import { timeIn } from '../message-refusal.ts'
import { type Signature, signature, signatureList } from '../signature.ts'
import type { TaskMessage } from '../task-message.ts'

/** What follows a task cannot be sent. `message` is a sentence for whoever waits for it. */
export class CanvasError extends Error {
  override readonly name = 'CanvasError'
}

/** From which task something is sent, and with what. */
export interface Sending {
  /** Put before its own arguments, unless it is immutable. */
  readonly leading: readonly unknown[]
  readonly rootId: string
  readonly parentId: string | null
  readonly priority: number | null
  readonly replyTo: string | null
  readonly origin: string
  /** What follows it, reversed. */
  readonly chain?: readonly Signature[]
}

/** Where it is sent, how a chord is set up, and when it is. */
export interface Mail {
  /** @throws AmqpError */
  post(queue: string, message: ReturnType<typeof encodeTask>): Promise<void>
  queueOf(name: string): string
  /** Says how many parts a chord has. Null where there is no Redis. */
  readonly setChordSize: ((group: string, size: number) => Promise<void>) | null
}

/**
 * Sends a task, a chain, a group or a chord, and answers the children that Python reads in the result of what sent it.
 *
 * @throws CanvasError, AmqpError, RedisError
 */
export async function sendSignature(given: Signature, sending: Sending, mail: Mail): Promise<readonly unknown[]> {
  const kind = given.subtask_type ?? ''
  const part = parts[kind as keyof typeof parts]
  return part === undefined ? sendTask(given, sending, mail) : part(given, sending, mail)
}

const parts = { chain: sendChain, group: sendGroup, chord: sendChord }

async function sendTask(given: Signature, sending: Sending, mail: Mail): Promise<readonly unknown[]> {
  const options = given.options ?? {}
  const id = options.task_id ?? randomUUID()
  const eta = timeIn(options.eta)
  const now = Date.now()
  const chain = [...(listOf(options.chain) ?? []), ...(sending.chain ?? [])]
  const message: TaskMessage = {
    id,
    name: given.task,
    args: [...(given.immutable ? [] : sending.leading), ...(given.args ?? [])],
    kwargs: given.kwargs ?? {},
    embed: {
      callbacks: listOf(options.link),
      errbacks: listOf(options.link_error),
      chain: chain.length > 0 ? chain : null,
      chord: options.chord === undefined || options.chord === null ? null : checked(options.chord),
    },
    rootId: sending.rootId,
    parentId: sending.parentId,
    group: options.group_id ?? null,
    groupIndex: options.group_index ?? null,
    eta: eta ?? (typeof options.countdown === 'number' ? now + options.countdown * 1000 : null),
    expires: typeof options.expires === 'number' ? now + options.expires * 1000 : (timeIn(options.expires) ?? null),
    retries: options.retries ?? 0,
    timeLimit: { hard: options.time_limit ?? null, soft: options.soft_time_limit ?? null },
    ...{ argsRepr: null, kwargsRepr: null, shadow: null, origin: sending.origin },
    ignoreResult: options.ignore_result ?? false,
    replyTo: options.reply_to ?? sending.replyTo,
    priority: options.priority ?? sending.priority,
    carried: options.headers ?? {},
  }
  await mail.post(queueIn(options.queue) ?? mail.queueOf(given.task), encodeTask(message, now))
  return [[[id, null], null]]
}

/** The first is sent, with the others behind it and then what was to follow the chain. */
async function sendChain(given: Signature, sending: Sending, mail: Mail): Promise<readonly unknown[]> {
  const [first, ...rest] = tasksIn(given.kwargs?.tasks)
  if (first === undefined) return []
  const own = given.options ?? {}
  const last = rest.at(-1) ?? first
  // Who links something to a chain means its end.
  if (own.link) {
    last.options = { ...last.options, link: [...(listOf(last.options?.link) ?? []), ...(listOf(own.link) ?? [])] }
  }
  return sendSignature(first, { ...sending, chain: [...(sending.chain ?? []), ...rest.reverse()] }, mail)
}

async function sendGroup(given: Signature, sending: Sending, mail: Mail): Promise<readonly unknown[]> {
  const group = given.options?.task_id ?? given.options?.group_id ?? randomUUID()
  const tasks = tasksIn(given.kwargs?.tasks)
  const children = await Promise.all(
    tasks.map((one, at) => sendSignature(inGroup(one, group, at, given.options?.chord), sending, mail)),
  )
  return [[[group, null], children.flat()]]
}

/** Its size is said first: the parts count down to it. */
async function sendChord(given: Signature, sending: Sending, mail: Mail): Promise<readonly unknown[]> {
  if (mail.setChordSize === null) {
    throw new CanvasError('A chord needs Redis: set REDIS_URL for the worker and result_backend in Python.')
  }
  const header = given.kwargs?.header
  const tasks = tasksIn(isGroup(header) ? checked(header).kwargs?.tasks : header)
  const body = checked(given.kwargs?.body)
  if (tasks.some(({ subtask_type: kind }) => kind === 'group' || kind === 'chord')) {
    throw new CanvasError('A chord whose parts are groups or chords again is not known here. Send it from Python.')
  }
  const rest = { ...sending, leading: given.immutable ? [] : sending.leading }
  const following = [...(sending.chain ?? []), ...(listOf(body.options?.chain) ?? [])]
  const id = body.options?.task_id ?? randomUUID()
  const after = {
    ...body,
    options: { ...body.options, task_id: id, ...(following.length > 0 && { chain: following }) },
  }
  if (tasks.length === 0) return sendSignature(after, { ...sending, leading: [[]], chain: [] }, mail)
  const group = (isGroup(header) ? checked(header).options?.task_id : null) ?? randomUUID()
  await mail.setChordSize(group, tasks.length)
  await Promise.all(tasks.map((one, at) => sendSignature(inGroup(one, group, at, after), { ...rest, chain: [] }, mail)))
  return [[[id, null], null]]
}

function inGroup(one: Signature, group: string, at: number, chord: unknown): Signature {
  const options = { ...one.options, group_id: group, group_index: at, ...(chord ? { chord } : {}) }
  return { ...one, options }
}

function isGroup(header: unknown): boolean {
  return signature.safeParse(header).data?.subtask_type === 'group'
}

function tasksIn(tasks: unknown): Signature[] {
  const parsed = z.union([z.array(signature).max(100_000), signature.transform((one) => [one])]).safeParse(tasks)
  if (parsed.success) return structuredClone(parsed.data)
  throw new CanvasError('What is to follow holds something that is no signature of Celery.')
}

function checked(given: unknown): Signature {
  const parsed = signature.safeParse(given)
  if (parsed.success) return parsed.data
  throw new CanvasError('What is to follow is no signature of Celery.')
}

/** Null where there is none, as a message has it. */
function listOf(given: unknown): Signature[] | null {
  const parsed = signatureList.safeParse(given)
  if (!parsed.success) throw new CanvasError('What is to follow is no list of signatures of Celery.')
  return parsed.data.length > 0 ? parsed.data : null
}

function queueIn(queue: unknown): string | null {
  if (typeof queue === 'string') return queue
  return typeof queue === 'object' && queue !== null && 'name' in queue ? String(queue.name) : null
}
