import { expect, onTestFinished, test } from 'vitest'
import { next, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { signIn, startServerProcess } from '../support/server-process.ts'

test('after a fault of its own that nobody caught, the server sends clients away to come back, and ends', async () => {
  const faulty = "process.on('SIGUSR2', () => void Promise.reject(new Error('nobody caught it')))"
  await using server = await startServerProcess({
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(faulty)}` },
  })
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  const { client } = sdkClient(server, { getToken: ticketFor(server, token) })
  onTestFinished(() => client.disconnect())
  client.connect()
  await client.ready(10_000)
  const sentAway = next<{ code: number }>(client, 'connecting')
  process.kill(server.pid ?? 0, 'SIGUSR2')
  expect((await sentAway).code).toBe(3001)
  expect(await server.ended()).toBe(1)
  expect(server.output()).toMatch(/"level":60.*nobody caught it.*a fault of the server itself/)
  expect(server.output()).toMatch(/"msg":"stopped"/)
})
