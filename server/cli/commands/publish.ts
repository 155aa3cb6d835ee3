import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import { channelName, namespaceOf } from '#protocol/channel.ts'
import { publishAnswer, publishRequest } from '#protocol/publications.ts'
import type { Config } from '#server/config/config.ts'
import { openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print } from '../output.ts'
import { readStdin } from '../stdin.ts'
import { collect, withTarget } from '../target-options.ts'

interface PublishFlags extends TargetFlags {
  readonly tag?: readonly string[]
  readonly idempotencyKey?: string
}

export function publishCommand(context: CliContext): Command {
  const command = new Command('publish')
    .description('publish an event to a channel')
    .argument('<channel>', 'such as news:general or commands:lobby-1')
    .argument('<json>', 'what to publish; - reads it from standard input')
    .option('--tag <key=value>', 'a tag; may be given several times', collect)
    .option('--idempotency-key <key>', 'a second publication with this key reaches nobody')
    .addHelpText(
      'after',
      `
Examples:
  carillon publish commands:lobby-1 '{"show":{"message":"Doors open at nine"}}'
  carillon publish news:general '{"title":"Lunch"}' --tag floor=2`,
    )
    .action(async (channel: string, text: string, flags: PublishFlags) => {
      const named = channelName.safeParse(channel)
      if (!named.success)
        throw usageError('bad_channel', named.error.issues[0]?.message ?? 'The channel name is not valid.')
      const key = publishRequest.shape.idempotency_key.safeParse(flags.idempotencyKey)
      if (!key.success) throw usageError('bad_idempotency_key', key.error.issues[0]?.message ?? 'The key is not valid.')
      const idempotencyKey = flags.idempotencyKey ?? randomUUID()
      const body = {
        channel,
        data: parseJson(text === '-' ? await readStdin() : text),
        ...(flags.tag === undefined ? {} : { tags: parseTags(flags.tag) }),
        // Always one: a request that had no answer is sent again.
        idempotency_key: idempotencyKey,
      }
      await using api = await openApi(context, flags, { offline: true })
      if (api.offline !== null && forgets(api.offline, channel)) {
        const sentence = `No server runs on ${api.offline.data}, and ${channel} keeps no history: the event would reach nobody. Start the server with npm start and publish again.`
        throw new CliError('no_server', sentence)
      }
      const answer = await api.call('POST', '/api/publish', publishAnswer, body).catch((error: unknown) => {
        throw repeatable(error, idempotencyKey)
      })
      if ('error' in answer) throw new CliError(`error_${answer.error.code}`, answer.error.message)
      const { offset, epoch, duplicate } = answer.result
      const place = `${channel}${offset ? ` at offset ${offset}` : ''}.`
      const words = api.offline === null ? `Published to ${place}` : `Written for when the server starts: ${place}`
      const again = duplicate && flags.idempotencyKey !== undefined
      print(flags.json, { channel, offset, epoch, duplicate }, again ? `Was published already: ${place}` : words)
    })
  return withTarget(command)
}

/** Says how to send it again where it may have been published. */
function repeatable(error: unknown, key: string): unknown {
  if (!(error instanceof CliError) || !['unavailable', 'server_unreachable'].includes(error.code)) return error
  return new CliError(error.code, `${error.message} To publish it once and not twice, add --idempotency-key ${key}`, {
    cause: error,
  })
}

/** Whether what is published there is gone once it was sent. Channels outside every namespace are the server's to refuse. */
function forgets({ namespaces }: Config, channel: string): boolean {
  const policy = namespaces.find(({ name }) => name === namespaceOf(channel))
  return policy !== undefined && (policy.history_size === 0 || policy.history_ttl === 0)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(
      'malformed_json',
      `What to publish is not valid JSON: ${reason}. Quote it for the shell: '{"title":"Lunch"}'.`,
    )
  }
}

function parseTags(tags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const equals = tag.indexOf('=')
      if (equals < 1) throw usageError('bad_tag', `A tag is key=value, not ${tag}.`)
      return [tag.slice(0, equals), tag.slice(equals + 1)]
    }),
  )
}
