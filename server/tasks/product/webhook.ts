import { createHmac } from 'node:crypto'
import { z } from 'zod'
import type { TaskDefinition } from '../definition.ts'
import type { ProductContext } from '../threads/context.ts'
import { sendGuarded } from './guarded-request.ts'

export interface WebhookSettings {
  /** `whsec_` and base 64. */
  readonly secret: string
  /** Hosts in private networks that it may be sent to. */
  readonly privateHosts: readonly string[]
}

const hook = z.object({
  url: z
    .url({ protocol: /^https?$/, error: 'Give an http or https address.' })
    .max(2000)
    .describe('Where to send it'),
  body: z.unknown().describe('Any JSON value'),
  timeout: z.number().min(1).max(60).default(15).describe('Seconds to wait for an answer'),
})

/** Tells another service something, signed as Standard Webhooks has it. */
export const webhook: TaskDefinition<z.infer<typeof hook>> = {
  name: 'carillon.webhook',
  description: 'Sends a signed POST to another service, and tries again while that cannot take it.',
  arguments: hook,
  place: 'server',
  retry: { times: 8, delay: 5, factor: 3, longest: 3600 },
  async run({ url, body, timeout }, context) {
    const { secret, privateHosts } = (await (context as ProductContext).ask('webhook', null)) as WebhookSettings
    const payload = JSON.stringify(body ?? null)
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeout * 1000)])
    const headers = { 'content-type': 'application/json', ...signature(secret, context.id, payload, Date.now()) }
    const status = await sendGuarded({ url, payload, headers, privateHosts, signal })
    if (status >= 200 && status < 300) return { status }
    const mayChange = status === 408 || status === 425 || status === 429 || status >= 500
    const redirect =
      status >= 300 && status < 400 ? ' Redirects are not followed: give the address that it leads to.' : ''
    throw Object.assign(new Error(`The service answered ${status}.${redirect}`), {
      name: 'WebhookError',
      retry: mayChange,
    })
  },
}

/** The headers of Standard Webhooks: every try of one task has the same id. */
export function signature(secret: string, id: string, payload: string, time: number): Record<string, string> {
  const timestamp = Math.floor(time / 1000).toString()
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signed = createHmac('sha256', key).update(`msg_${id}.${timestamp}.${payload}`).digest('base64')
  return { 'webhook-id': `msg_${id}`, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signed}` }
}
