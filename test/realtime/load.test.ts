import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { exposition } from '#server/metrics/exposition.ts'
import { connectTo, openRaw } from '../support/raw-client.ts'
import { external, person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { connected, follow, nextEvent, sdk } from '../support/realtime-sdk.ts'

const ada = person('ada')
const metricsOf = async ({ metrics }: RealtimeRig) => exposition([await metrics.read()])

test('upgrades beyond the rate are told to come again, and the SDK does', async () => {
  const rig = await startRealtime({ limits: { acceptsPerSecond: 2 } })
  await openRaw(rig.url)
  await openRaw(rig.url)
  const refused = await refusalOf(rig.url)
  expect(refused.status).toBe(503)
  expect(refused.retryAfter).toBe('1')
  expect(refused.sentence).toMatch(/too many new connections/i)
  await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  expect(await metricsOf(rig)).toMatch(/^carillon_refused_connections_total{reason="rate"} [1-9]/m)
})

test('sockets that say nothing shut out nobody: the oldest of them makes way', async () => {
  const rig = await startRealtime({ limits: { maxWaiting: 50 } })
  const silent = await Promise.all(Array.from({ length: 200 }, () => openRaw(rig.url)))
  const client = await connected(sdk(rig.url, { token: rig.identities.token(ada) }))
  const { data } = await follow(client, 'open:a')
  await Promise.all(silent.slice(0, 150).map(({ closed }) => closed))
  await rig.publish('open:a', 1)
  await expect.poll(() => data).toEqual([1])
  expect(rig.metrics.snapshot()).toMatchObject({ connections: 1, waiting: 49 })
  expect(await metricsOf(rig)).toContain('carillon_connections{transport="websocket",kind="user"} 1\n')
})

test('an address that leaves many waiting is refused, and others are not', async () => {
  const rig = await startRealtime({ address: '2001:db8::1', limits: { maxWaitingPerAddress: 2 } })
  const [first] = [await openRaw(rig.url), await openRaw(rig.url)]
  expect((await refusalOf(rig.url)).status).toBe(503)
  const token = rig.identities.token(ada)
  first?.send({ connect: { token }, id: 1 })
  await first?.reply(1)
  await openRaw(rig.url)
})

test('one user has only so many connections, and loses none of them to a further one', async () => {
  const rig = await startRealtime({ limits: { maxPerUser: 2 } })
  const client = () => sdk(rig.url, { token: rig.identities.token(ada) })
  const first = await connected(client())
  await connected(client())
  const third = client()
  const gone = nextEvent<{ code: number }>(third, 'disconnected')
  third.connect()
  expect((await gone).code).toBe(3504)
  expect(first.state).toBe('connected')
  first.disconnect()
  await expect.poll(() => rig.metrics.snapshot().connections).toBe(1)
  await connected(client())
})

test('those without a name are not one user with too many connections', async () => {
  const rig = await startRealtime({ limits: { maxPerUser: 1 } })
  const nobody = () => connected(sdk(rig.url, { token: rig.identities.token(external('')) }))
  for (const client of [await nobody(), await nobody()]) expect(client.state).toBe('connected')
})

test('commands of one frame beyond what is worked on wait their turn, and all are answered', async () => {
  let running = 0
  let most = 0
  const { promise: go, resolve } = Promise.withResolvers<void>()
  const slow = async () => {
    running += 1
    most = Math.max(most, running)
    await go
    running -= 1
    return {}
  }
  const rig = await startRealtime({ limits: { maxInFlight: 8 }, rpc: new Map([['slow', slow]]) })
  const raw = await connectTo(rig, ada)
  raw.send(...Array.from({ length: 100 }, (_, n) => ({ id: n + 2, rpc: { method: 'slow' } })))
  await expect.poll(() => running).toBe(8)
  resolve()
  await raw.reply(101)
  expect(raw.received.map(({ id }) => id)).toEqual(Array.from({ length: 101 }, (_, n) => n + 1))
  expect(most).toBe(8)
})

test('a shutdown sends many away over a while, each with 3001, and refuses new ones', async () => {
  const rig = await startRealtime({ limits: { shutdownSpreadMs: 500 } })
  const clients = await Promise.all(Array.from({ length: 600 }, () => connectTo(rig, ada)))
  const ends: number[] = []
  const all = clients.map(async ({ closed }) => {
    const end = await closed
    ends.push(performance.now())
    return end
  })
  await rig.stop()
  expect(new Set((await Promise.all(all)).map(({ code, reason }) => `${code} ${reason}`))).toEqual(
    new Set(['3001 shutdown']),
  )
  expect(Math.max(...ends) - Math.min(...ends)).toBeGreaterThan(300)
})

test('what the fan-out does is counted: deliveries, bytes, recoveries, commands, errors and closes', async () => {
  const rig = await startRealtime()
  const clients = await Promise.all(
    Array.from({ length: 3 }, () => connected(sdk(rig.url, { token: rig.identities.token(ada) }))),
  )
  const [first] = await Promise.all(clients.map((client) => follow(client, 'small:a')))
  for (let n = 0; n < 4; n++) await rig.publish('small:a', n)
  await expect.poll(() => first?.data.length).toBe(4)
  expect(rig.metrics.snapshot()).toMatchObject({
    connections: 3,
    channels: 1,
    subscriptions: 3,
    publications: 4,
    deliveries: 12,
  })
  expect(rig.metrics.snapshot().bytes).toBeGreaterThan(12 * 50)

  const since = { recover: true, epoch: first?.subscription['_epoch' as keyof typeof first.subscription] }
  const raw = await connectTo(rig, ada)
  raw.send({ id: 2, subscribe: { channel: 'small:a', ...since, offset: 2 } })
  raw.send({ id: 3, subscribe: { channel: 'small:b', recover: true, epoch: 'gone', offset: 2 } })
  raw.send({ id: 4, subscribe: { channel: 'nowhere:a' } })
  await raw.reply(2)
  await raw.reply(3)
  await raw.reply(4)
  raw.socket.close()
  await raw.closed
  const text = await metricsOf(rig)
  expect(text).toContain('carillon_recoveries_total{result="hit"} 1\n')
  expect(text).toContain('carillon_recoveries_total{result="miss"} 1\n')
  expect(text).toContain('carillon_reply_errors_total{code="102"} 1\n')
  expect(text).toMatch(/^carillon_commands_total{command="subscribe"} 6$/m)
  expect(text).toMatch(/^carillon_fan_out_duration_seconds_count [1-4]$/m)
  await expect.poll(() => metricsOf(rig)).toMatch(/^carillon_closes_total{by="client",code="1005"} 1$/m)
})

async function refusalOf(url: string) {
  const socket = new WebSocket(url)
  socket.on('error', () => {})
  const [, response] = await once(socket, 'unexpected-response')
  let sentence = ''
  for await (const chunk of response) sentence += chunk
  return { status: response.statusCode, retryAfter: response.headers['retry-after'], sentence }
}
