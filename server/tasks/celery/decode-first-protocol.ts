import { z } from 'zod'
import { decodeBody, type Frame } from './body.ts'
import { type DecodedTask, priorityIn, refuse, replyQueueIn, timeIn } from './message-refusal.ts'
import { embed } from './signature.ts'

const shortText = z.string().max(255)
const seconds = z.number().min(0).nullable()

const firstBody = z.looseObject({
  task: shortText.min(1),
  id: shortText.min(1),
  args: z.array(z.unknown()).nullish(),
  kwargs: z.record(z.string(), z.unknown()).nullish(),
  retries: z.int().min(0).max(1_000_000).nullish(),
  eta: z.unknown().optional(),
  expires: z.unknown().optional(),
  taskset: shortText.nullish(),
  group: shortText.nullish(),
  group_index: z.int().nullish(),
  callbacks: z.unknown().optional(),
  errbacks: z.unknown().optional(),
  chord: z.unknown().optional(),
  timelimit: z.tuple([seconds, seconds]).nullish(),
})

/** Celery before version 4, and `task_protocol = 1`: everything stands in the body. Never sent from here. */
export function decodeFirstProtocol(frame: Frame): DecodedTask {
  const replyTo = replyQueueIn(frame.properties)
  const nobody = { id: null, name: null, replyTo, ignoreResult: false }
  const body = decodeBody(frame)
  if (!body.ok) return refuse(nobody, 'not_a_task', `It is no task: it has no header named task. ${body.reason}`)
  const parsed = firstBody.safeParse(body.value)
  if (!parsed.success) return refuse(nobody, 'not_a_task', 'It is no task: neither headers nor body name one.')
  const { task: name, id, args, kwargs, retries, taskset, group, group_index, timelimit, ...rest } = parsed.data
  const origin = { id, name, replyTo, ignoreResult: false }
  const after = embed.safeParse({ callbacks: rest.callbacks, errbacks: rest.errbacks, chord: rest.chord })
  if (!after.success) return refuse(origin, 'undecodable', 'What is to follow it cannot be read.')
  const eta = timeIn(rest.eta)
  const expires = timeIn(rest.expires)
  if (eta === undefined || expires === undefined) {
    return refuse(origin, 'bad_time', 'Its eta or expires is no time. Write it as ISO 8601.')
  }
  return {
    kind: 'task',
    task: {
      ...{ id, name, args: args ?? [], kwargs: kwargs ?? {}, embed: after.data, rootId: id, parentId: null },
      group: group ?? taskset ?? null,
      groupIndex: group_index ?? null,
      ...{ eta, expires, retries: retries ?? 0 },
      timeLimit: { hard: timelimit?.[0] ?? null, soft: timelimit?.[1] ?? null },
      ...{ argsRepr: null, kwargsRepr: null, origin: null, ignoreResult: false, shadow: null },
      ...{ replyTo, priority: priorityIn(frame.properties), carried: {} },
    },
  }
}
