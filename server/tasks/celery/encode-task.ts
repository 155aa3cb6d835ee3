import type { OutgoingMessage } from '#server/amqp/publisher.ts'
import { argsRepr, pythonRepr } from './python-repr.ts'
import { noEmbed } from './signature.ts'
import type { TaskMessage } from './task-message.ts'
import { formatTime } from './times.ts'

/** A message but for where it goes. */
export type EncodedTask = Omit<OutgoingMessage, 'exchange' | 'routingKey'>

/** Celery's protocol 2, with the full set of headers, as Python sends it. */
export function encodeTask(task: TaskMessage, now = Date.now()): EncodedTask {
  const { id, name, args, kwargs, embed, eta, expires, priority, timeLimit } = task
  const headers = {
    ...task.carried,
    lang: 'js',
    task: name,
    id,
    shadow: task.shadow,
    eta: eta === null ? null : formatTime(eta),
    expires: expires === null ? null : formatTime(expires),
    group: task.group,
    group_index: task.groupIndex,
    retries: task.retries,
    timelimit: [timeLimit.hard, timeLimit.soft],
    root_id: task.rootId,
    parent_id: task.parentId,
    argsrepr: task.argsRepr ?? argsRepr(args),
    kwargsrepr: task.kwargsRepr ?? pythonRepr(kwargs),
    origin: task.origin,
    ignore_result: task.ignoreResult,
  }
  return {
    content: Buffer.from(JSON.stringify([args, kwargs, embed])),
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    persistent: true,
    correlationId: id,
    replyTo: task.replyTo ?? '',
    ...(priority !== null && { priority }),
    ...(expires !== null && { expirationMs: Math.max(0, Math.ceil(expires - now)) }),
    headers,
  }
}

/** A task that is sent by itself: whatever is not given is as Python has it. */
export function taskMessage(given: Pick<TaskMessage, 'id' | 'name'> & Partial<TaskMessage>): TaskMessage {
  return {
    args: [],
    kwargs: {},
    embed: noEmbed,
    rootId: given.id,
    parentId: null,
    group: null,
    groupIndex: null,
    eta: null,
    expires: null,
    retries: 0,
    timeLimit: { hard: null, soft: null },
    argsRepr: null,
    kwargsRepr: null,
    origin: null,
    ignoreResult: false,
    shadow: null,
    replyTo: null,
    priority: null,
    carried: {},
    ...given,
  }
}
