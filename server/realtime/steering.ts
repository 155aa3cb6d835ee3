import { z } from 'zod'
import { channelName, noNamespaceFor } from '#protocol/channel.ts'
import { closeReasons } from '#protocol/close-reasons.ts'
import type { Namespace } from '#server/config/namespaces.ts'
import { type Answered, answered, refused } from './answered.ts'
import { answerQuestion, askNodes, type Question } from './node-questions.ts'
import { subscribeByServer, unsubscribeByServer } from './server-subscriptions.ts'
import type { Services } from './services.ts'
import { clientsMeant, target } from './targets.ts'

/** What the server decides about clients that are connected, on whichever node. Clients that come later are not meant. */
export interface Steering {
  /** Subscribes them without their asking, and whatever their permissions. */
  subscribe(call: z.infer<typeof subscribeCall>): Promise<Answered<null>>
  /** Ends their subscriptions to a channel, whoever began them. */
  unsubscribe(call: z.infer<typeof unsubscribeCall>): Promise<Answered<null>>
  /** Closes their connections. */
  disconnect(call: z.infer<typeof disconnectCall>): Promise<Answered<null>>
  /** Decides anew when their connections expire: now, or at a time. */
  refresh(call: z.infer<typeof refreshCall>): Promise<Answered<null>>
}

const position = z.object({ offset: z.int().min(0), epoch: z.string() })
/** What the channel's policy would be for these subscriptions, were it not for this call. */
const override = z.object({
  presence: z.boolean().optional(),
  join_leave: z.boolean().optional(),
  force_recovery: z.boolean().optional(),
  force_positioning: z.boolean().optional(),
})

const subscribeCall = target.extend({
  channel: z.string(),
  /** JSON text for the application, told in the subscribe push. */
  data: z.string().optional(),
  /** JSON text that the others in the channel see with them. */
  info: z.string().optional(),
  /** Seconds since 1970. When it has passed their connections close, and they come back without it. */
  expiresAt: z.int().optional(),
  recover: position.optional(),
  override: override.optional(),
  /** They are told of joins and leaves. */
  joinLeave: z.boolean().optional(),
})
const unsubscribeCall = target.extend({ channel: z.string() })
const disconnectCall = target.extend({ code: z.int(), reason: z.string() })
/** Seconds since 1970. In the past: now. */
const refreshCall = target.extend({ expireAt: z.number() })

export function createSteering(services: Services): Steering & Disposable {
  const { bus, registry, access } = services
  const stops = [
    answerQuestion(bus, questions.subscribe, (call) => {
      const policy = access.policyOf(call.channel)
      if (policy)
        for (const client of clientsMeant(registry, call))
          client.whenConnected(() => subscribeByServer(client, termsOf(call, policy)))
      return null
    }),
    answerQuestion(bus, questions.unsubscribe, (call) => {
      for (const client of clientsMeant(registry, call)) {
        client.whenConnected(() => unsubscribeByServer(client, call.channel))
      }
      return null
    }),
    answerQuestion(bus, questions.disconnect, ({ code, reason, ...call }) => {
      for (const client of clientsMeant(registry, call)) client.close({ code, reason })
      return null
    }),
    answerQuestion(bus, questions.refresh, ({ expireAt, ...call }) => {
      const hasExpired = expireAt * 1000 <= services.clock()
      for (const client of clientsMeant(registry, call)) {
        if (hasExpired) client.close(closeReasons.expired)
        else client.expireAt(expireAt)
      }
      return null
    }),
  ]

  return {
    subscribe: (call) => withChannel(call.channel, () => ask(questions.subscribe, call)),
    unsubscribe: (call) => withChannel(call.channel, () => ask(questions.unsubscribe, call)),
    disconnect: (call) => ask(questions.disconnect, call),
    refresh: (call) => ask(questions.refresh, call),
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }

  async function ask<T>(question: Question<T, null>, call: T): Promise<Answered<null>> {
    const outcome = await askNodes(bus, question, call)
    return outcome.ok ? answered(null) : outcome
  }

  async function withChannel(channel: string, work: () => Promise<Answered<null>>): Promise<Answered<null>> {
    if (!access.policyOf(channel)) return refused('unknownChannel', noNamespaceFor(channel))
    const name = channelName.safeParse(channel)
    return name.success ? work() : refused('badRequest', name.error.issues[0]?.message)
  }
}

const questions = {
  subscribe: { kind: 'subscribe', payload: subscribeCall, answer: z.null() },
  unsubscribe: { kind: 'unsubscribe', payload: unsubscribeCall, answer: z.null() },
  disconnect: { kind: 'disconnect', payload: disconnectCall, answer: z.null() },
  refresh: { kind: 'refresh', payload: refreshCall, answer: z.null() },
} as const

function termsOf(
  { channel, data, info, expiresAt, recover, override = {}, joinLeave }: z.infer<typeof subscribeCall>,
  policy: Namespace,
) {
  const given = Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined))
  return {
    channel,
    policy: { ...policy, ...given },
    recover: recover ?? null,
    ...(data !== undefined && { data }),
    ...(info !== undefined && { info }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(joinLeave !== undefined && { joinLeave }),
  }
}
