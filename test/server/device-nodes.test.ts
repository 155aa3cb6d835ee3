import { expect, test } from 'vitest'
import { describeWith } from '../support/needs.ts'
import { connectDevice, enrolDevice } from '../support/played-device.ts'
import { collect, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { bearer, signIn } from '../support/server-process.ts'
import { startSiteOfTwo } from '../support/site-of-two.ts'

const soon = { timeout: 15_000, interval: 50 }

describeWith(['redis', 'postgresql'], 'two nodes on one Redis and one PostgreSQL', () => {
  test('a device at one is told, heard and seen at the other, and a key sends a command once', async () => {
    await using site = await startSiteOfTwo()
    const [one, other] = site.nodes
    const { token } = await signIn(one, 'olga@example.org', 'operator')
    const headers = bearer(token)
    const device = await enrolDevice(one, token, 'lobby-1')
    using played = await connectDevice(other, device)
    using watching = sdkClient(one, { getToken: ticketFor(one, token) })
    watching.client.connect()
    const { received: news } = await collect(watching.client, 'telemetry:lobby-1')

    const path = `/api/v1/devices/${device.id}/commands`
    const request = { headers: { ...headers, 'idempotency-key': 'k' }, body: { command: 'screenshot' } }
    const [first, second] = await Promise.all([one.api('POST', path, request), other.api('POST', path, request)])
    expect([first.status, second.status].sort()).toEqual([200, 202])
    const { id } = first.body as { id: string }
    expect(second.body).toMatchObject({ id })
    await expect.poll(() => played.told, soon).toMatchObject([{ id, command: 'screenshot' }])

    await played.client.rpc('device.result', { id, state: 'failed', code: 'no_display', message: 'It is off.' })
    const told = { type: 'command', command: { id, state: 'failed', code: 'no_display' } }
    await expect.poll(() => news.at(-1), soon).toMatchObject(told)
    expect(await one.api('GET', `${path}/${id}`, { headers })).toMatchObject({ body: { state: 'failed' } })
    // Nothing more was sent for the second request.
    expect(played.told).toHaveLength(1)

    const shell = {
      phase: 'showing',
      since: new Date().toISOString(),
      url: null,
      fault: null,
      message: null,
      restarts: 0,
    }
    await played.client.rpc('device.report', { shell, health: null })
    const status = { shell: { phase: 'showing' } }
    await expect.poll(() => news.at(-1), soon).toMatchObject({ type: 'status', status })
    const seen = await one.api('GET', `/api/v1/devices/${device.id}`, { headers })
    expect(seen.body).toMatchObject({ online: true, status })
  }, 90_000)
})
