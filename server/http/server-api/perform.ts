import { type ServerMethodName, type ServerRequest, serverMethods } from '#protocol/server-api.ts'
import { forbiddenBecause } from '#server/auth/forbidden-because.ts'
import type { Identity } from '#server/auth/identity.ts'
import { type Answered, answered, refused } from '#server/realtime/answered.ts'
import { clientInfoText, publicationsText } from '#server/realtime/encode.ts'
import type { PublishCall, PublishOutcome, Realtime } from '#server/realtime/realtime.ts'
import { closeReason } from './close-reason.ts'
import { givenJson } from './given-json.ts'

/** What a call comes to: the JSON text of its result, or an error. */
export type Reply = Answered<string>

type Methods = {
  readonly [Name in ServerMethodName]: (
    realtime: Realtime,
    by: Identity,
    request: ServerRequest<Name>,
  ) => Promise<Reply> | Reply
}

const methods: Methods = {
  async publish(realtime, by, { channel, ...request }) {
    const call = publicationOf(request)
    return call.ok ? published(await realtime.publish(by, { channel, ...call.value })) : call
  },
  async broadcast(realtime, by, { channels, ...request }) {
    const call = publicationOf(request)
    if (!call.ok) return call
    const outcomes = await realtime.broadcast(by, { channels, ...call.value })
    return answered(`{"responses":[${outcomes.map((outcome) => replyText(published(outcome))).join(',')}]}`)
  },
  async subscribe(
    realtime,
    _by,
    { data, b64data, info, b64info, expire_at: expiresAt = 0, recover_since, override = {}, ...request },
  ) {
    const given = givenJson(data, b64data)
    if (!given.ok) return refused('badRequest', given.message)
    const shown = givenJson(info, b64info)
    if (!shown.ok) return refused('badRequest', shown.message)
    const { force_push_join_leave: joinLeave, ...options } = override
    return emptied(
      await realtime.steering.subscribe({
        ...request,
        ...(given.value != null && { data: JSON.stringify(given.value) }),
        ...(shown.value != null && { info: JSON.stringify(shown.value) }),
        ...(expiresAt > 0 && { expiresAt }),
        ...(recover_since && { recover: recover_since }),
        ...(joinLeave && { joinLeave: joinLeave.value }),
        override: Object.fromEntries(Object.entries(options).map(([option, set]) => [option, set?.value])),
      }),
    )
  },
  unsubscribe: async (realtime, _by, request) => emptied(await realtime.steering.unsubscribe(request)),
  async disconnect(realtime, _by, { disconnect, ...request }) {
    const given = closeReason(disconnect)
    if (!given.ok) return refused('badRequest', given.message)
    return emptied(await realtime.steering.disconnect({ ...request, ...given.reason }))
  },
  async refresh(realtime, _by, { expired = false, expire_at: expireAt = 0, ...request }) {
    if (!expired && expireAt === 0) return refused('badRequest', 'Give expired, or expire_at in seconds since 1970.')
    return emptied(await realtime.steering.refresh({ ...request, expireAt: expired ? 0 : expireAt }))
  },
  async presence(realtime, by, { channel }) {
    const outcome = await realtime.calls.presence(by, channel)
    if (!outcome.ok) return outcome
    const entries = outcome.value.map((info) => `${JSON.stringify(info.client)}:${clientInfoText(info)}`)
    return answered(`{"presence":{${entries.join(',')}}}`)
  },
  async presence_stats(realtime, by, { channel }) {
    const outcome = await realtime.calls.presence(by, channel)
    if (!outcome.ok) return outcome
    const users = new Set(outcome.value.map(({ user }) => user))
    return answered(JSON.stringify({ num_clients: outcome.value.length, num_users: users.size }))
  },
  async history(realtime, by, { channel, ...request }) {
    const outcome = await realtime.calls.history(by, channel, request)
    if (!outcome.ok) return outcome
    const { publications, epoch, offset } = outcome.value
    return answered(
      `{"publications":${publicationsText(publications)},"epoch":${JSON.stringify(epoch)},"offset":${offset}}`,
    )
  },
  history_remove: async (realtime, _by, { channel }) => emptied(await realtime.calls.removeHistory(channel)),
  async channels(realtime, by, { pattern = '' }) {
    const outcome = await realtime.nodes.channels(pattern)
    if (!outcome.ok) return outcome
    const readable = [...outcome.value].filter(([channel]) => realtime.maySubscribe(by, channel).ok)
    const channels = Object.fromEntries(readable.map(([channel, clients]) => [channel, { num_clients: clients }]))
    return answered(JSON.stringify({ channels }))
  },
  async info(realtime) {
    const outcome = await realtime.nodes.info()
    return outcome.ok ? answered(JSON.stringify({ nodes: outcome.value })) : outcome
  },
  async rpc(realtime, by, { method, params }) {
    const outcome = await realtime.calls.rpc(by, method, params)
    return outcome.ok ? answered(JSON.stringify({ data: outcome.value })) : outcome
  },
}

/** Carries out a call whose request has been parsed and whose caller may make it. */
export function perform<Name extends ServerMethodName>(
  realtime: Realtime,
  by: Identity,
  name: Name,
  request: ServerRequest<Name>,
): Promise<Reply> | Reply {
  return methods[name](realtime, by, request)
}

/** What the replies to one body come to at the most, in characters: a few pages of history, and not all there is. */
const maxRepliesLength = 8 * 1024 * 1024

/** Carries out several calls of one body. When their replies have become too long, the rest is refused. */
export function createPerformer(realtime: Realtime, by: Identity) {
  let length = 0
  return async (name: string, request: unknown): Promise<Reply> => {
    if (length > maxRepliesLength) {
      return refused(
        'limitExceeded',
        'The replies are too long together: this has not been done. Ask for less at a time.',
      )
    }
    const reply = await performOne(realtime, by, name, request)
    if (reply.ok) length += reply.value.length
    return reply
  }
}

/** Everything that is wrong with it is its own error. */
async function performOne(realtime: Realtime, by: Identity, name: string, request: unknown): Promise<Reply> {
  if (!isMethod(name)) return refused('methodNotFound', `There is no method ${name}.`)
  const { roles, scope, request: schema } = serverMethods[name]
  const forbidden = forbiddenBecause(by, roles, scope)
  if (forbidden !== null) return refused('permissionDenied', forbidden)
  const parsed = schema.safeParse(request)
  if (parsed.success) return perform(realtime, by, name, parsed.data as ServerRequest<typeof name>)
  const sentences = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '))
  return refused('badRequest', sentences.slice(0, 5).join(' '))
}

function isMethod(name: string): name is ServerMethodName {
  return Object.hasOwn(serverMethods, name)
}

/** As a library reads it: `{"result": …}` or `{"error": …}`. */
export function replyText(reply: Reply): string {
  return reply.ok ? `{"result":${reply.value}}` : `{"error":${errorText(reply)}}`
}

export function errorText({ code, message }: { readonly code: number; readonly message: string }): string {
  return JSON.stringify({ code, message })
}

function published(outcome: PublishOutcome): Reply {
  if (!outcome.ok) {
    const refusal = refused(outcome.error, outcome.message)
    return outcome.code === undefined ? refusal : { ...refusal, code: outcome.code }
  }
  const { offset, epoch, duplicate } = outcome
  return answered(JSON.stringify({ offset, epoch, duplicate }))
}

function publicationOf({
  data,
  b64data,
  tags,
  idempotency_key: idempotencyKey,
  skip_history: skipHistory = false,
  version = 0,
  version_epoch: versionEpoch,
}: Omit<ServerRequest<'publish'>, 'channel'>): Answered<Omit<PublishCall, 'channel'>> {
  const given = givenJson(data, b64data)
  if (!given.ok) return refused('badRequest', given.message)
  return answered({
    data: given.value,
    skipHistory,
    ...(tags && { tags }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(version > 0 && { version }),
    ...(versionEpoch !== undefined && { versionEpoch }),
  })
}

function emptied(outcome: Answered<null>): Reply {
  return outcome.ok ? answered('{}') : outcome
}
