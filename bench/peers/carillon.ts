import { readFileSync } from 'node:fs'
import type { Opening } from '../load/link.ts'
import { framesAreTaken, messages, textFrame, upgrade } from '../load/websocket.ts'
import type { MeasureName, Peer, RunningPeer } from '../peer.ts'
import { missingProgram } from './native-server.ts'
import { startNodeServer } from './node-server.ts'
import { publishByHttp } from './publish-by-http.ts'
import { startRedis } from './redis.ts'

interface Variant {
  readonly name: string
  readonly measures: readonly MeasureName[]
  /** The namespace: with history, durable, or without. */
  readonly channels: 'plain' | 'kept'
  /** What clients prove themselves with; each has its own, used once. */
  readonly credential: 'ticket' | 'token'
  /** With a Redis that keeps history and tickets, started for it. */
  readonly redis?: true
}

export const carillon: readonly Peer[] = [
  variant({
    name: 'Carillon',
    measures: ['fan-out', 'latency', 'idle', 'publishing'],
    channels: 'plain',
    credential: 'ticket',
  }),
  variant({
    name: 'Carillon, with history',
    measures: ['fan-out', 'publishing'],
    channels: 'kept',
    credential: 'ticket',
  }),
  variant({
    name: 'Carillon, with Redis',
    measures: ['fan-out', 'publishing'],
    channels: 'kept',
    credential: 'ticket',
    redis: true,
  }),
  variant({ name: 'Carillon, by ticket', measures: ['connections'], channels: 'plain', credential: 'ticket' }),
  variant({ name: 'Carillon, by JWT', measures: ['connections'], channels: 'plain', credential: 'token' }),
]

function variant({ name, measures, channels, credential, redis }: Variant): Peer {
  return {
    name,
    measures,
    missing: () => (redis ? missingProgram('redis-server') : null),
    async start() {
      await using parts = new AsyncDisposableStack()
      const shared = redis ? parts.use(await startRedis()) : null
      const server = parts.use(await startCarillon({ channels, credential, redisUrl: shared?.url ?? '', amqpUrl: '' }))
      const running = parts.move()
      return { ...server, [Symbol.asyncDispose]: () => running.disposeAsync() }
    },
  }
}

/** One that takes events from this RabbitMQ, with subscribers of `plain:bench`. */
export function carillonBehind(amqpUrl: string): Promise<RunningPeer> {
  return startCarillon({ channels: 'plain', credential: 'ticket', redisUrl: '', amqpUrl })
}

async function startCarillon({
  channels,
  credential,
  redisUrl,
  amqpUrl,
}: Pick<Variant, 'channels' | 'credential'> & {
  /** Empty for none. */
  readonly redisUrl: string
  readonly amqpUrl: string
}): Promise<RunningPeer> {
  const args = [channels, '10000', redisUrl, amqpUrl]
  const server = await startNodeServer('./carillon-server.ts', args, carillonNodeOptions)
  return {
    ...server,
    async prepare(count) {
      const credentials = await server.ask<readonly string[]>({
        credentials: Math.min(count, preparedAtOnce),
        kind: credential,
      })
      return credentials.map((token) => subscribe(token, `${channels}:bench`))
    },
    publishConfirmed: (options) => server.ask({ publishFor: options }),
    async publishByHttp(options) {
      return publishByHttp(server.port, await server.ask<string>({ apiKey: true }), `${channels}:bench`, options)
    },
  }
}

/** As `carillon serve` is started: the options are in the first line of the command. */
export const carillonNodeOptions =
  readFileSync(new URL('../../server/carillon.js', import.meta.url), 'utf8')
    .split('\n', 1)[0]
    ?.match(/--\S+/g) ?? []

/** Tickets live for 20 seconds. */
const preparedAtOnce = 500

/** Connects and subscribes in one frame, as the SDK does. */
function subscribe(token: string, channel: string): Opening {
  return async (link) => {
    await upgrade(link, '/connection/websocket')
    const commands = [
      { id: 1, connect: { token } },
      { id: 2, subscribe: { channel } },
    ]
    link.write(textFrame(commands.map((command) => JSON.stringify(command)).join('\n')))
    const replies = (await messages(link, commands.length)).join(' ')
    if (replies.includes('"error"')) throw new Error(`Carillon answered ${replies}`)
    return framesAreTaken(link, pong)
  }
}

const pong = textFrame('{}')
