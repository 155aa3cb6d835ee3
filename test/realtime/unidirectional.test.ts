import { describe, expect, test } from 'vitest'
import type { Message } from '../support/raw-client.ts'
import { openRaw } from '../support/raw-client.ts'
import { openStream } from '../support/raw-stream.ts'
import { person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'

const ada = person('ada')
const transports = ['uni_websocket', 'uni_http_stream', 'uni_sse'] as const

/** What all three have: bare pushes, and an end with a code. */
interface Listener {
  readonly received: Message[]
  message(fits: (message: Message) => boolean): Promise<Message>
  readonly ended: Promise<{ code: number; reason: string }>
}

async function listen(rig: RealtimeRig, transport: (typeof transports)[number], request: string): Promise<Listener> {
  if (transport === 'uni_websocket') {
    const raw = await openRaw(`${rig.httpUrl.replace('http', 'ws')}/connection/uni_websocket`)
    raw.sendText(request)
    return { ...raw, ended: raw.closed }
  }
  const stream = await (transport === 'uni_sse'
    ? openStream(`${rig.httpUrl}/connection/uni_sse?cf_connect=${encodeURIComponent(request)}`)
    : openStream(`${rig.httpUrl}/connection/uni_http_stream`, { body: request }))
  const ended = stream.ended.then((isComplete) => {
    const { disconnect } = stream.received.at(-1) ?? {}
    return isComplete && disconnect ? (disconnect as { code: number; reason: string }) : { code: 1006, reason: '' }
  })
  return { ...stream, ended }
}

describe.each(transports)('over %s', (transport) => {
  test('a client gets the pushes of the channels it names, bare', async () => {
    const rig = await startRealtime()
    const request = { token: rig.identities.token(ada, 60), subs: { 'small:a': {}, 'talk:b': {}, 'unknown:c': {} } }
    const client = await listen(rig, transport, JSON.stringify(request, null, 2))
    const { connect } = await client.message((message) => message.connect !== undefined)
    expect(connect).toEqual({
      client: expect.any(String),
      version: 'carillon 0.0',
      ping: 25,
      expires: true,
      ttl: expect.toSatisfy((ttl: number) => ttl > 50 && ttl <= 60),
      subs: {
        'small:a': { recoverable: true, positioned: true, epoch: expect.any(String), offset: 0 },
        'talk:b': {},
      },
    })
    await rig.publish('small:a', { n: 1 })
    const pub = await client.message((message) => message.pub !== undefined)
    expect(pub).toEqual({ channel: 'small:a', pub: { data: { n: 1 }, offset: 1 } })
  })

  test('a client that comes back gets what it missed', async () => {
    const rig = await startRealtime({ known: ada })
    for (const n of [1, 2, 3]) await rig.publish('small:a', n)
    const { epoch } = await rig.broker.history('small:a', { size: 5, ttlSeconds: 3600 }, { limit: 0 })
    const subs = { 'small:a': { recover: true, offset: 1, epoch } }
    const client = await listen(rig, transport, JSON.stringify({ subs }))
    const { connect } = await client.message((message) => message.connect !== undefined)
    expect(connect).toMatchObject({
      subs: { 'small:a': { recovered: true, publications: [{ data: 2 }, { data: 3 }] } },
    })
  })

  test('the personal channel, and what the server subscribes to later, come too', async () => {
    const rig = await startRealtime({ known: ada, personalChannel: true })
    const client = await listen(rig, transport, '{}')
    const { connect } = await client.message((message) => message.connect !== undefined)
    expect(connect).toMatchObject({ subs: { '#ada': { recoverable: true } } })
    await rig.realtime.steering.subscribe({ user: 'ada', channel: 'open:later' })
    await client.message((message) => message.subscribe !== undefined && message.channel === 'open:later')
    await rig.publish('open:later', 1)
    await client.message((message) => message.channel === 'open:later' && message.pub !== undefined)
  })

  test('pings come and are never answered', async () => {
    const rig = await startRealtime({ known: ada, limits: { pingMs: 500, pongMs: 100 } })
    const client = await listen(rig, transport, '{}')
    const pings = () => client.received.filter((message) => Object.keys(message).length === 0).length
    await expect.poll(pings).toBeGreaterThanOrEqual(3)
    expect(client.received).toHaveLength(1 + pings())
  })

  test('a token that ends closes with 3005, and so does one that has ended', async () => {
    const rig = await startRealtime({ limits: { refreshGraceMs: 0 } })
    const outcome = async (seconds: number) => {
      const client = await listen(rig, transport, JSON.stringify({ token: rig.identities.token(ada, seconds) }))
      return client.ended
    }
    expect(await outcome(1)).toEqual({ code: 3005, reason: 'connection expired' })
    expect(await outcome(-5)).toEqual({ code: 3005, reason: 'connection expired' })
  })

  test('who may not come in is told by how it ends', async () => {
    const rig = await startRealtime()
    const codes = []
    for (const request of ['{"token":"forged"}', '{}', '{"token":7}']) {
      codes.push((await (await listen(rig, transport, request)).ended).code)
    }
    expect(codes).toEqual([3500, 3500, 3501])
  })

  test('a revoked client is told so, and the server that stops tells everybody', async () => {
    const rig = await startRealtime()
    const open = async (name: string) => {
      const client = await listen(rig, transport, JSON.stringify({ token: rig.identities.token(person(name)) }))
      await client.message((message) => message.connect !== undefined)
      return client
    }
    const [first, second] = [await open('ada'), await open('bob')]
    rig.realtime.revoke({ kind: 'user', userId: 'ada' })
    expect(await first.ended).toEqual({ code: 3503, reason: expect.stringMatching(/^access ended/) })
    await rig.stop()
    expect(await second.ended).toEqual({ code: 3001, reason: 'shutdown' })
  })
})

test.each([
  ['a command', '{"id":1,"publish":{"channel":"open:a","data":1}}'],
  ['a second connect request', '{}'],
])('%s over uni_websocket closes with 3501', async (_what, frame) => {
  const rig = await startRealtime({ known: ada })
  const client = await openRaw(`${rig.httpUrl.replace('http', 'ws')}/connection/uni_websocket`)
  client.sendText('{}')
  await client.message((message) => message.connect !== undefined)
  client.sendText(frame)
  expect(await client.closed).toEqual({ code: 3501, reason: 'bad request' })
})

test('a uni_websocket that begins with something else is closed with 3501, and one that is silent with 3502', async () => {
  const rig = await startRealtime({ known: ada, limits: { connectMs: 200 } })
  const url = `${rig.httpUrl.replace('http', 'ws')}/connection/uni_websocket`
  const wrong = await openRaw(url)
  wrong.sendText('[1]')
  expect((await wrong.closed).code).toBe(3501)
  expect((await (await openRaw(url)).closed).code).toBe(3502)
})
