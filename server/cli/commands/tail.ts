import { Centrifuge, type Options, type PublicationContext, UnauthorizedError } from 'centrifuge'
import { Command, InvalidArgumentError } from 'commander'
import { WebSocket } from 'ws'
import { channelName, noNamespaceFor } from '#protocol/channel.ts'
import { replyErrors } from '#protocol/error-codes.ts'
import { type Api, openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import { timeNow } from '../clock.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { visible } from '../output.ts'
import { withTarget } from '../target-options.ts'

interface TailFlags extends TargetFlags {
  readonly history: number
}

export function tailCommand(context: CliContext): Command {
  const command = new Command('tail')
    .description('show the events of a channel as they come, until interrupted')
    .argument('<channel>')
    .option('--history <count>', 'begin with this many earlier events (0 to 300)', parseCount, 0)
    .addHelpText('after', '\nExample:\n  carillon tail news:general --history 10')
    .action(async (channel: string, flags: TailFlags) => {
      const named = channelName.safeParse(channel)
      if (!named.success)
        throw usageError('bad_channel', named.error.issues[0]?.message ?? 'The channel name is not valid.')
      await using api = await openApi(context, flags, { offline: false })
      const client = new Centrifuge(api.socketUrl, {
        websocket: WebSocket,
        name: 'tail',
        maxReconnectDelay: 5000,
        ...(await tokenOptions(api)),
      })
      try {
        await follow(client, channel, flags)
      } finally {
        client.disconnect()
      }
    })
  return withTarget(command)
}

/** The first token is asked for here, so that what is wrong with address or key is said at once and ends the command. */
async function tokenOptions({ socketToken }: Api): Promise<Partial<Options>> {
  if (socketToken === null) return {}
  const getToken = async () => {
    try {
      return await socketToken()
    } catch (error) {
      // Anything else passes, and the client asks again.
      if (error instanceof CliError && rejections.has(error.code)) throw new UnauthorizedError(error.code)
      throw error
    }
  }
  return { token: await socketToken(), getToken }
}

/** The server does not accept the credential, now and for good. */
const rejections: ReadonlySet<string> = new Set(['invalid_token', 'unauthorized', 'account_disabled'])

function follow(client: Centrifuge, channel: string, flags: TailFlags): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = client.newSubscription(channel)
    const show = (event: Shown, isEarlier = false) => {
      const { offset = 0, data, tags = {} } = event
      const line = flags.json ? JSON.stringify({ channel, offset, data, tags }) : words(channel, event, isEarlier)
      process.stdout.write(`${line}\n`)
    }
    let begun = false
    // Live events wait until the earlier ones have been shown.
    let waiting: PublicationContext[] | null = []
    subscription.on('publication', (event) => (waiting === null ? show(event) : waiting.push(event)))
    subscription.on('subscribed', async ({ wasRecovering, recovered, streamPosition }) => {
      if (wasRecovering && !recovered)
        note('Some events came while the connection was down and cannot be had any more.')
      if (begun) return
      begun = true
      note(`Following ${channel}. Interrupt to stop.`)
      try {
        if (flags.history > 0) {
          const { publications } = await subscription.history({ limit: flags.history, reverse: true })
          const top = streamPosition?.offset ?? Number.POSITIVE_INFINITY
          for (const each of publications.reverse()) if ((each.offset ?? 0) <= top) show(each, true)
        }
      } catch {
        note('Earlier events cannot be had in this channel.')
      }
      for (const each of waiting ?? []) show(each)
      waiting = null
    })
    subscription.on('unsubscribed', ({ code, reason }) =>
      reject(new CliError(`error_${code}`, refusal(code, reason, channel))),
    )
    client.on('connecting', ({ reason }) => begun && note(`Offline since ${timeNow()} (${reason}).`))
    client.on('connected', () => begun && note('Online again.'))
    client.on('disconnected', ({ code, reason }) =>
      reject(new CliError(`error_${code}`, `The server ended the connection: ${reason}.`)),
    )
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
    subscription.subscribe()
    client.connect()
  })
}

type Shown = Pick<PublicationContext, 'offset' | 'data' | 'tags'>

/** An event in one line. When an earlier one was published is not known here. */
function words(channel: string, { offset = 0, data, tags = {} }: Shown, isEarlier: boolean): string {
  const when = isEarlier ? 'earlier' : timeNow()
  const labels = Object.entries(tags).map(([key, value]) => ` ${key}=${value}`)
  return visible(`${when} ${channel} #${offset} ${JSON.stringify(data)}${labels.join('')}`)
}

/** The protocol's own words say what is wrong and not what to do. */
function refusal(code: number, reason: string, channel: string): string {
  if (code === replyErrors.unknownChannel.code) {
    return noNamespaceFor(channel)
  }
  if (code === replyErrors.permissionDenied.code) {
    return `You may not follow ${channel}: a key needs the scope subscribe, a person a role that its namespace lists in subscribe_roles.`
  }
  return `${channel}: ${reason}.`
}

function note(words: string): void {
  process.stderr.write(`${words}\n`)
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 0 && count <= 300) return count
  throw new InvalidArgumentError('Give a whole number from 0 to 300.')
}
