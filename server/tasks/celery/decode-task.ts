import { z } from 'zod'
import { decodeBody, type Frame } from './body.ts'
import { decodeFirstProtocol } from './decode-first-protocol.ts'
import {
  type DecodedTask,
  firstIssue,
  type MessageOrigin,
  priorityIn,
  refuse,
  replyQueueIn,
  timeIn,
} from './message-refusal.ts'
import { embed } from './signature.ts'

const shortText = z.string().max(255)
const name = shortText.min(1)
const seconds = z.number().min(0).nullable()

/** Protocol 2. What is not named here is passed on. */
const taskHeaders = z.looseObject({
  task: name,
  id: name,
  lang: z.unknown().optional(),
  root_id: shortText.nullish(),
  parent_id: shortText.nullish(),
  group: shortText.nullish(),
  group_index: z.int().nullish(),
  eta: z.unknown().optional(),
  expires: z.unknown().optional(),
  retries: z.int().min(0).max(1_000_000).nullish(),
  timelimit: z.tuple([seconds, seconds]).nullish(),
  argsrepr: z.string().nullish(),
  kwargsrepr: z.string().nullish(),
  origin: z.string().nullish(),
  ignore_result: z.boolean().nullish(),
  shadow: z.string().nullish(),
  compression: z.unknown().optional(),
})

const taskBody = z.tuple([z.array(z.unknown()), z.record(z.string(), z.unknown()), embed])

/** Never throws, whatever others sent. */
export function decodeTask(frame: Frame): DecodedTask {
  if (frame.headers.task === undefined) return decodeFirstProtocol(frame)
  const origin = originOf(frame)
  const headers = taskHeaders.safeParse(frame.headers)
  if (!headers.success) return refuse(origin, 'undecodable', `A header is off: ${firstIssue(headers.error)}`)
  const body = decodeBody(frame)
  if (!body.ok) return refuse(origin, 'undecodable', body.reason)
  const parts = taskBody.safeParse(body.value)
  if (!parts.success) {
    return refuse(origin, 'undecodable', `Its body is not a list of args, kwargs and embed: ${firstIssue(parts.error)}`)
  }
  const { task, id, lang: _, compression: __, ...rest } = headers.data
  const { root_id, parent_id, group, group_index, eta, expires, retries, timelimit, ...more } = rest
  const { argsrepr, kwargsrepr, origin: sentBy, ignore_result, shadow, ...others } = more
  const times = { eta: timeIn(eta), expires: timeIn(expires) }
  for (const [name, time] of Object.entries(times)) {
    if (time === undefined) return refuse(origin, 'bad_time', `Its ${name} is no time. Write it as ISO 8601.`)
  }
  const [args, kwargs, after] = parts.data
  return {
    kind: 'task',
    task: {
      id,
      name: task,
      args,
      kwargs,
      embed: after,
      rootId: root_id ?? id,
      parentId: parent_id ?? null,
      group: group ?? null,
      groupIndex: group_index ?? null,
      eta: times.eta ?? null,
      expires: times.expires ?? null,
      retries: retries ?? 0,
      timeLimit: { hard: timelimit?.[0] ?? null, soft: timelimit?.[1] ?? null },
      argsRepr: argsrepr ?? null,
      kwargsRepr: kwargsrepr ?? null,
      origin: sentBy ?? null,
      ignoreResult: ignore_result ?? false,
      shadow: shadow ?? null,
      replyTo: origin.replyTo,
      priority: priorityIn(frame.properties),
      carried: withoutBrokersOwn(others),
    },
  }
}

function originOf({ headers, properties }: Frame): MessageOrigin {
  return {
    id: name.safeParse(headers.id).data ?? null,
    name: name.safeParse(headers.task).data ?? null,
    replyTo: replyQueueIn(properties),
    ignoreResult: headers.ignore_result === true,
  }
}

/** What RabbitMQ notes about the way of a message is not for the next one. */
export function withoutBrokersOwn(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !brokersOwn.test(name)))
}

const brokersOwn = /^x-(death|first-death|last-death|delivery-count|acquired-count|delivery-limit)/i
