import pino from 'pino'
import { expect, test } from 'vitest'
import { person } from '#test/support/realtime-rig.ts'
import { createHooks, type Decision, type HooksOptions } from './hooks.ts'

const event = { identity: person('ada'), client: 'c', transport: 'websocket', time: 1 } as const
const question = { identity: person('ada'), client: 'c', channel: 'news:a', data: 1 }

test('events of one client are told in order, those of others meanwhile, and never in the turn of what happened', async () => {
  const { hooks } = start()
  const told: string[] = []
  const gate = Promise.withResolvers<void>()
  hooks.on({
    async connect({ client }) {
      told.push(`connect ${client}`)
      if (client === 'a') await gate.promise
    },
    disconnect: ({ client }) => told.push(`disconnect ${client}`),
  })
  for (const client of ['a', 'b']) {
    hooks.tell('connect', client, { ...event, client })
    hooks.tell('disconnect', client, { ...event, client, code: 3000, reason: 'x' })
  }
  expect(told).toEqual([])
  await expect.poll(() => told).toEqual(['connect a', 'connect b', 'disconnect b'])
  gate.resolve()
  await expect.poll(() => told.at(-1)).toBe('disconnect a')
})

test('a hook that fails or hangs is logged and the next is told all the same', async () => {
  const { hooks, logged } = start({ eventMs: 20 })
  const told: string[] = []
  hooks.on({ connect: () => Promise.reject(new Error('its own fault')), disconnect: () => new Promise(() => {}) })
  hooks.on({ subscribe: ({ channel }) => told.push(channel) })
  hooks.tell('connect', 'c', event)
  hooks.tell('disconnect', 'c', { ...event, code: 3000, reason: 'x' })
  hooks.tell('subscribe', 'c', { ...event, channel: 'news:a' })
  await expect.poll(() => told).toEqual(['news:a'])
  expect(logged.filter((line) => line.includes('a hook failed'))).toHaveLength(2)
})

test.each([
  [{ data: { title: 'Lunch' } }, '{ data }'],
  [{ allow: 'yes' }, '{ allow: a string }'],
  [{ allow: false, code: 103 }, '{ allow: false, code }'],
  [false, 'false'],
  ['Lunch', 'a string'],
])(
  '%j is no answer: the log says so in one line, with the module and without what was to be said',
  async (answer, shown) => {
    const { hooks, logged } = start()
    hooks.on({ beforePublish: () => answer as Decision }, { from: '/srv/site.mjs' })
    expect(await hooks.ask('beforePublish', question)).toEqual({ kind: 'failed' })
    const [line = ''] = logged
    expect(JSON.parse(line)).toMatchObject({ hook: 'beforePublish', module: '/srv/site.mjs' })
    expect(JSON.parse(line).msg).toMatch(
      new RegExp(`^beforePublish answered ${shown}; answer nothing, { allow: true }, `),
    )
    expect(line).not.toMatch(/Lunch|stack/)
  },
)

test('who tells is never held up: what is too much is dropped and said in the log', async () => {
  const { hooks, logged } = start({ maxWaiting: 3, drainMs: 10 })
  const told: string[] = []
  hooks.on({ connect: ({ client }) => told.push(client) })
  for (const client of ['a', 'b', 'c', 'd', 'e']) hooks.tell('connect', client, { ...event, client })
  await expect.poll(() => told).toEqual(['a', 'b', 'c'])
  hooks.tell('connect', 'f', { ...event, client: 'f' })
  await expect.poll(() => told.at(-1)).toBe('f')
  expect(logged).toEqual([expect.stringMatching(/"dropped":1.*events were dropped/)])
})

test('what waits is done when the server stops, within a bound', async () => {
  const { hooks, logged } = start({ drainMs: 30 })
  const told: string[] = []
  hooks.on({ connect: () => told.push('told'), disconnect: () => new Promise(() => {}) })
  hooks.tell('connect', 'c', event)
  hooks.tell('disconnect', 'c', { ...event, code: 3000, reason: 'x' })
  await hooks[Symbol.asyncDispose]()
  expect(told).toEqual(['told'])
  expect(logged.some((line) => line.includes('given up'))).toBe(true)
})

test.each<[string, Decision, object]>([
  ['nothing', undefined, { kind: 'allow' }],
  ['allow', { allow: true }, { kind: 'allow' }],
  ['data', { allow: true, data: { a: 1 } }, { kind: 'allow', data: '{"a":1}' }],
  ['a refusal', { allow: false }, { kind: 'refuse', code: 103, message: 'permission denied' }],
  [
    'a refusal with words',
    { allow: false, code: 450, message: 'later' },
    { kind: 'refuse', code: 450, message: 'later' },
  ],
  ['a code of the protocol', { allow: false, code: 100 }, { kind: 'failed' }],
  ['something else', true as never, { kind: 'failed' }],
])('a decision: %s', async (_what, decision, verdict) => {
  const { hooks } = start()
  expect(hooks.decides('beforeSubscribe')).toBe(false)
  const remove = hooks.on({ beforeSubscribe: async () => decision })
  expect([hooks.decides('beforeSubscribe'), hooks.decides('beforePublish')]).toEqual([true, false])
  expect(await hooks.ask('beforeSubscribe', question)).toEqual(verdict)
  remove()
  expect(hooks.decides('beforeSubscribe')).toBe(false)
})

test('the first refusal holds, the last data too, and a decision that takes too long is none', async () => {
  const { hooks, logged } = start({ hookMs: 20 })
  let aborted = false
  hooks.on({ beforeSubscribe: () => ({ allow: true, data: 1 }) })
  hooks.on({ beforeSubscribe: () => ({ allow: true, data: 2 }) })
  hooks.on({ beforeSubscribe: () => undefined })
  expect(await hooks.ask('beforeSubscribe', question)).toEqual({ kind: 'allow', data: '2' })
  const remove = hooks.on({
    beforeSubscribe: ({ signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          aborted = true
        })
      }),
  })
  hooks.on({ beforeSubscribe: () => ({ allow: false, message: 'no' }) })
  expect(await hooks.ask('beforeSubscribe', question)).toEqual({ kind: 'failed' })
  expect([aborted, logged.length]).toEqual([true, 1])
  remove()
  expect(await hooks.ask('beforeSubscribe', question)).toMatchObject({ kind: 'refuse', message: 'no' })
})

function start(options: Partial<HooksOptions> = {}) {
  const logged: string[] = []
  const log = pino({}, { write: (line: string) => void logged.push(line) })
  return { hooks: createHooks({ log, hookMs: 1_000, ...options }), logged }
}
