import type { Logger } from 'pino'
import { describeRedis, type RedisTarget } from '#server/config/redis-target.ts'
import { createRedisClient, type RedisClient, type RedisUse } from './redis-client.ts'
import { awayError, busyError, redisErrorOf } from './redis-error.ts'
import { parseRedisInfo, type RedisServer } from './redis-info.ts'
import type { RedisScript } from './redis-script.ts'
import { StoreError } from './store-error.ts'

/** Redis as the rooms above use it: one connection for commands, and further ones for what waits or subscribes. */
export interface RedisStore extends AsyncDisposable {
  /** Begins every key: `carillon:…`. */
  readonly prefix: string
  readonly commands: RedisConnection
  /** A further connection. Whoever opens it closes it. Throws `StoreError` as `openRedis` does. */
  connect(use: RedisUse): Promise<RedisConnection>
}

export interface RedisConnection extends Disposable {
  readonly client: RedisClient
  /** Null while it is away. */
  server(): RedisServer | null
  /** Called whenever it is there, again after each interruption; at once when it is there now. Returns the removal. */
  onUp(listener: (server: RedisServer) => void): () => void
  /**
   * Sends a command. At once or within seconds it has an answer or failed; nothing waits for Redis to come back.
   *
   * @throws RedisError
   */
  run<T>(send: (client: RedisClient) => Promise<T>, bytes?: number): Promise<T>
  /** Resolves when nothing waits for an answer, or when time is up. */
  idle(timeoutMs: number): Promise<void>
  /** Runs a script, as `run` does: its keys first, then its arguments. */
  call(script: RedisScript, args: readonly (string | number)[], bytes?: number): Promise<unknown>
}

export interface RedisStoreOptions {
  readonly target: RedisTarget
  readonly prefix: string
  readonly log: Logger
  /** How long to wait for Redis at the start, in milliseconds. Default 10,000: both may be starting. */
  readonly patienceMs?: number
  /** Commands that may wait for their answer, and their size together. Default 20,000 and 64 MiB. */
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
}

/** @throws StoreError `redis_unreachable`, `redis_refused` */
export async function openRedis({ patienceMs = 10_000, ...options }: RedisStoreOptions): Promise<RedisStore> {
  const { target, prefix, log } = options
  const commands = await connect('commands')
  if (commands.server()?.evicts) {
    log.warn('Redis is configured to evict keys when it is full. Set maxmemory-policy to noeviction.')
  }
  return {
    prefix,
    commands,
    connect,
    async [Symbol.asyncDispose]() {
      // Who has left is removed from presence on the way out.
      await commands.idle(closeGraceMs)
      commands[Symbol.dispose]()
    },
  }

  async function connect(use: RedisUse): Promise<RedisConnection> {
    const connection = createConnection({ ...options, log: log.child({ redis: describeRedis(target), use }) }, use)
    try {
      const { version } = await firstUp(connection, target, patienceMs)
      if (isNewEnough(version)) return connection
      const sentence = `Redis at ${describeRedis(target)} has version ${version}. Carillon needs 6.2 or newer.`
      throw new StoreError('redis_refused', sentence)
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    }
  }
}

function createConnection(options: Omit<RedisStoreOptions, 'patienceMs'>, use: RedisUse): RedisConnection {
  const { target, log, maxWaiting = 20_000, maxWaitingBytes = 64 * 1024 * 1024 } = options
  const client = createRedisClient(target, use)
  const listeners = new Set<(server: RedisServer) => void>()
  /** Digests of the scripts that were sent since the connection was opened. */
  const sent = new Set<string>()
  let current: RedisServer | null = null
  let lastFault = 'no answer'
  let waiting = 0
  let waitingBytes = 0
  let whenIdle: (() => void) | undefined
  const heartbeat = setInterval(() => {
    // A connection that answers nothing is given up by the client; without traffic nobody would notice.
    if (use !== 'reader' && current !== null) client.ping().catch(() => {})
  }, heartbeatMs).unref()

  client.on('error', (error: Error) => {
    lastFault = error.message
    // Not the error itself: it carries the command, which for AUTH is the password.
    log.debug({ reason: lastFault }, 'the connection to Redis failed')
  })
  client.on('ready', identify)
  client.on('close', () => {
    if (current !== null) log.warn({ reason: lastFault }, 'Redis is away')
    current = null
  })

  return {
    client,
    server: () => current,
    onUp(listener) {
      listeners.add(listener)
      if (current !== null) listener(current)
      return () => void listeners.delete(listener)
    },
    run,
    async idle(timeoutMs) {
      if (waiting === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      whenIdle = resolve
      const timer = setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
    },
    call: (script, args, bytes) => run(() => callScript(script, args), bytes),
    [Symbol.dispose]() {
      clearInterval(heartbeat)
      listeners.clear()
      // What is closed is not away.
      current = null
      client.disconnect()
    },
  }

  async function run<T>(send: (client: RedisClient) => Promise<T>, bytes = 0): Promise<T> {
    if (current === null) throw awayError()
    if (waiting >= maxWaiting || waitingBytes + bytes > maxWaitingBytes) throw busyError()
    waiting += 1
    waitingBytes += bytes
    try {
      return await send(client)
    } catch (error) {
      throw redisErrorOf(error)
    } finally {
      waiting -= 1
      waitingBytes -= bytes
      if (waiting === 0) whenIdle?.()
    }
  }

  async function callScript({ digest, lua, keys }: RedisScript, args: readonly (string | number)[]): Promise<unknown> {
    if (!sent.has(digest)) {
      // Not the digest first and the text when that is unknown: commands behind it would overtake.
      sent.add(digest)
      return client.eval(lua, keys, ...args)
    }
    try {
      return await client.evalsha(digest, keys, ...args)
    } catch (error) {
      // Another node of a cluster, or somebody who emptied the cache of scripts.
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return client.eval(lua, keys, ...args)
      throw error
    }
  }

  /** Each time anew: behind the same address there may be another server now, or the same one without its data. */
  async function identify(): Promise<void> {
    let server: RedisServer
    try {
      const [info, fsync] = await Promise.all([client.info(), fsyncOf(client)])
      server = parseRedisInfo(info, target.kind, fsync)
    } catch (error) {
      client.emit('error', error)
      client.disconnect(true)
      return
    }
    if (client.status !== 'ready') return
    log.info({ version: server.version, generation: server.generation }, 'Redis is there')
    sent.clear()
    current = server
    for (const listener of listeners) listener(server)
  }
}

/** When Redis writes its append-only file to the disk. Null where it may not be asked, as at some hosting services. */
async function fsyncOf(client: RedisClient): Promise<string | null> {
  try {
    const [, value] = (await client.config('GET', 'appendfsync')) as string[]
    return value ?? null
  } catch {
    // Then the worst is assumed. That it is away, the answer to INFO says.
    return null
  }
}

const heartbeatMs = 2_000
const closeGraceMs = 1_000

async function firstUp(connection: RedisConnection, target: RedisTarget, patienceMs: number): Promise<RedisServer> {
  const { promise, resolve, reject } = Promise.withResolvers<RedisServer>()
  let lastFault = 'no answer'
  const onError = (error: Error & { lastNodeError?: Error }) => {
    lastFault = error.lastNodeError?.message ?? error.message
    if (/^(WRONGPASS|NOAUTH|NOPERM|ERR DB index|ERR AUTH)/.test(lastFault)) {
      const sentence = `Redis at ${describeRedis(target)} does not let Carillon in (${lastFault}). Correct user, password and database in redis_url.`
      reject(new StoreError('redis_refused', sentence, { cause: error }))
    }
  }
  const timer = setTimeout(() => {
    const sentence = `Redis at ${describeRedis(target)} does not answer (${lastFault}). Start it, or correct redis_url.`
    reject(new StoreError('redis_unreachable', sentence))
  }, patienceMs)
  connection.client.on('error', onError)
  const stop = connection.onUp(resolve)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    stop()
    connection.client.off('error', onError)
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 2)
}
