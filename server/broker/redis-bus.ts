import type { Logger } from 'pino'
import type { RedisStore } from '#server/store/redis.ts'
import { redisScript } from '#server/store/redis-script.ts'
import { BrokerError } from './broker-error.ts'
import { type Answers, type Bus, lostKind } from './bus.ts'
import { createLocalBus } from './local-bus.ts'
import { brokerErrorOf } from './redis-broker-error.ts'
import { type BusMessage, readBusMessage } from './redis-bus-message.ts'
import { createRedisBusReader } from './redis-bus-reader.ts'
import { aliveMs, joinRedisNodes } from './redis-nodes.ts'

export interface RedisBusOptions {
  /** Closed by whoever opened it. */
  readonly redis: RedisStore
  readonly log: Logger
}

/** How many messages a node may miss and still be told of them. */
const messagesKept = 10_000
const answerMs = 2_000
const maxQuestions = 1_000

/**
 * The bus of several nodes: one stream that all of them read, and one for each alone. Streams and not publish/subscribe,
 * so that a node which was cut off reads on from where it stood.
 *
 * @throws StoreError, BrokerError when Redis cannot be reached at the start
 */
export async function openRedisBus({ redis, log }: RedisBusOptions): Promise<Bus> {
  await using parts = new AsyncDisposableStack()
  const { commands, prefix } = redis
  const local = parts.use(createLocalBus({ log }))
  const { node } = local
  const all = `{${prefix}}:bus`
  const streamOf = (name: string) => `${all}:${name}`
  const nodesKey = `{${prefix}}:nodes`
  const questions = new Map<number, Question>()
  let lastQuestion = 0

  const connection = parts.use(await redis.connect('reader'))
  // A message of its own to begin with: as long as it is there, nothing behind it has gone.
  const first = await send(all, { type: 'tell', from: node, kind: 'joined', payload: null })
  const from = new Map([
    [all, first ?? '0-0'],
    [streamOf(node), '0-0'],
  ])
  parts.use(createRedisBusReader({ connection, from, watched: all, onMessage: hear, onLost, log }))
  const nodes = parts.use(await attempt(() => joinRedisNodes({ redis, node, key: nodesKey, log })))
  const opened = parts.move()

  return {
    node,
    async tell(kind, payload) {
      await local.tell(kind, payload)
      await send(all, { type: 'tell', from: node, kind, payload })
    },
    async askAll(kind, payload, timeoutMs = answerMs) {
      const expected = new Set(await nodes.alive())
      expected.delete(node)
      const [own, others] = await Promise.all([
        local.ask(node, kind, payload, timeoutMs),
        question(all, expected, kind, payload, timeoutMs),
      ])
      return {
        answers: own ? new Map([[node, own.answer], ...others.answers]) : others.answers,
        silent: own ? others.silent : [node, ...others.silent],
      }
    },
    async ask(to, kind, payload, timeoutMs = answerMs) {
      if (to === node) return local.ask(node, kind, payload, timeoutMs)
      const { answers } = await question(streamOf(to), new Set([to]), kind, payload, timeoutMs)
      return answers.has(to) ? { answer: answers.get(to) } : null
    },
    handle: local.handle,
    nodes: () => nodes.alive(),
    async [Symbol.asyncDispose]() {
      for (const { settle } of questions.values()) settle()
      await opened.disposeAsync()
    },
  }

  /** What the expected nodes answer until all have or time is up. That it could not be asked is silence too. */
  async function question(
    stream: string,
    expected: Set<string>,
    kind: string,
    payload: unknown,
    timeoutMs: number,
  ): Promise<Answers> {
    if (expected.size === 0) return { answers: new Map(), silent: [] }
    if (questions.size >= maxQuestions) {
      throw new BrokerError('full', 'Too many questions to other nodes wait for an answer. Try again later.')
    }
    lastQuestion += 1
    const id = lastQuestion
    const { promise, resolve } = Promise.withResolvers<void>()
    const asked: Question = { expected, answers: new Map(), silent: new Set(), settle: resolve }
    questions.set(id, asked)
    const timer = setTimeout(resolve, timeoutMs)
    try {
      const sent = await send(stream, { type: 'ask', from: node, id, kind, payload, timeoutMs })
      if (sent !== null) await promise
    } catch (error) {
      log.warn({ err: error, kind }, 'other nodes were not asked')
    } finally {
      clearTimeout(timer)
      questions.delete(id)
    }
    return { answers: asked.answers, silent: [...asked.silent, ...expected] }
  }

  /** Answers the message's id, or null when it is for a node that is not alive. */
  async function send(stream: string, message: BusMessage): Promise<string | null> {
    const text = JSON.stringify(message)
    return attempt(async () => {
      if (stream === all) {
        return commands.run((client) => client.xadd(all, 'MAXLEN', '~', messagesKept, '*', 'm', text), text.length)
      }
      const to = stream.slice(all.length + 1)
      const id = await commands.call(sendToNodeScript, [stream, nodesKey, to, aliveMs, text], text.length)
      return typeof id === 'string' ? id : null
    })
  }

  function onLost(): void {
    log.warn('messages of other nodes may have been lost')
    void local.tell(lostKind, null)
  }

  function hear(text: string): void {
    const message = readBusMessage(text)
    if (message === null) {
      log.warn('something else than a message was on the bus')
      return
    }
    // This node has been told already, when it told the others.
    if (message.from === node) return
    if (message.type === 'tell') void local.tell(message.kind, message.payload)
    else if (message.type === 'ask') void reply(message)
    else note(message)
  }

  async function reply({ from, id, kind, payload, timeoutMs }: Extract<BusMessage, { type: 'ask' }>): Promise<void> {
    const heard = await local.ask(node, kind, payload, timeoutMs)
    try {
      await send(streamOf(from), { type: 'answer', from: node, id, ...(heard && { heard }) })
    } catch (error) {
      log.warn({ err: error, kind }, 'a question of another node was not answered')
    }
  }

  function note({ from, id, heard }: Extract<BusMessage, { type: 'answer' }>): void {
    const asked = questions.get(id)
    if (!asked) return
    asked.expected.delete(from)
    if (heard) asked.answers.set(from, heard.answer)
    else asked.silent.add(from)
    if (asked.expected.size === 0) asked.settle()
  }
}

/** Nodes of which nothing has been heard, and what the others have said. */
interface Question {
  readonly expected: Set<string>
  readonly answers: Map<string, unknown>
  /** They have nothing to say. */
  readonly silent: Set<string>
  readonly settle: () => void
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw brokerErrorOf(error)
  }
}

/** The stream of a node that has gone would stay for ever. */
const sendToNodeScript = redisScript(
  2,
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not seen or tonumber(seen) < now - ARGV[2] then return false end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, '*', 'm', ARGV[3])
redis.call('PEXPIRE', KEYS[1], 60000)
return id
`,
)
