import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import type { NetworkStep } from '#protocol/pane.ts'
import { createServerApi } from '../server-api.ts'
import { startLittleServer } from '../test-support/little-server.ts'
import { selfSigned } from '../test-support/self-signed.ts'
import { checkNetwork, type NetworkCheckOptions } from './network-check.ts'

const addresses = () => [{ network: 'eth0', address: '192.0.2.7' }]

test('against a Carillon server every step says what it found', async () => {
  await using server = await startLittleServer()
  const told: (readonly NetworkStep[])[] = []
  const steps = await check(server.origin, { onSteps: (now) => told.push(now) })
  expect(states(steps)).toEqual(['ok', 'ok', 'ok', 'skipped', 'ok'])
  expect(steps.map(({ result }) => result)).toEqual([
    'eth0 192.0.2.7',
    '127.0.0.1 is an address, no name to look up.',
    expect.stringMatching(/^Port \d+ answers after \d+ ms\.$/),
    'This server is spoken to without TLS.',
    'Carillon 0.1.0 answers.',
  ])
  expect(steps.every(({ advice }) => advice === null)).toBe(true)
  expect(told[0]?.[0]).toMatchObject({ name: 'address', state: 'running' })
  expect(told.at(-1)).toEqual(steps)
})

test('a machine without an address says so and tries nothing further', async () => {
  const steps = await check('https://carillon.example.org', { addresses: () => [] })
  expect(states(steps)).toEqual(['failed', 'skipped', 'skipped', 'skipped', 'skipped'])
  expect(steps[0]).toMatchObject({ advice: expect.stringContaining('cable') })
})

test('an address that a machine gave itself is none', async () => {
  const steps = await check('https://carillon.example.org', {
    addresses: () => [{ network: 'eth0', address: '169.254.3.4' }],
  })
  expect(steps[0]).toMatchObject({ state: 'failed', advice: expect.stringContaining('DHCP') })
})

test('a name that nobody has is told as such', async () => {
  const steps = await check('https://no-such-machine.invalid')
  expect(states(steps)).toEqual(['ok', 'failed', 'skipped', 'skipped', 'skipped'])
  expect(steps[1]?.advice).toMatch(/No machine is called no-such-machine\.invalid|reaches its DNS server/)
})

test('a port on which nothing listens is told as such', async () => {
  const port = await listen(createServer()).then(async ({ server, port }) => {
    await new Promise((closed) => server.close(closed))
    return port
  })
  const steps = await check(`http://127.0.0.1:${port}`)
  expect(states(steps)).toEqual(['ok', 'ok', 'failed', 'skipped', 'skipped'])
  expect(steps[2]).toMatchObject({ advice: expect.stringContaining(`nothing listens on port ${port}`) })
})

test('a certificate that is not trusted, and a port without TLS, are told apart', async () => {
  const safe = await listen(createTlsServer(selfSigned))
  const untrusted = await check(`https://localhost:${safe.port}`)
  expect(states(untrusted)).toEqual(['ok', 'ok', 'ok', 'failed', 'skipped'])
  expect(untrusted[3]?.advice).toContain('not trusted here')
  const plain = await listen(createServer((socket) => socket.end('220 ready\r\n')))
  const other = await check(`https://localhost:${plain.port}`)
  expect(other[3]).toMatchObject({ state: 'failed', advice: expect.stringContaining('does not speak TLS') })
})

test('a server that is none of ours is told by what it says', async () => {
  await using server = await startLittleServer()
  server.onRequest = (_call, _body, response) => {
    response.end('<h1>Welcome to our guest network</h1>')
    return true
  }
  const steps = await check(server.origin)
  expect(states(steps)).toEqual(['ok', 'ok', 'ok', 'skipped', 'failed'])
  expect(steps[4]).toMatchObject({
    result: expect.stringContaining('is not a Carillon server'),
    advice: expect.stringContaining('guest network'),
  })
})

test('a server that says nothing is waited for no longer than a step may take', async () => {
  const silent = await listen(createServer())
  const steps = await check(`https://127.0.0.1:${silent.port}`, { timeout: 100 })
  expect(steps[3]).toMatchObject({ state: 'failed', result: 'No answer within 0.1 s.' })
})

test('a check that is ended tells nothing more', async () => {
  const silent = await listen(createServer())
  const ending = new AbortController()
  let told = 0
  const running = check(`https://127.0.0.1:${silent.port}`, {
    signal: ending.signal,
    onSteps: (steps) => {
      if (steps[3]?.state === 'running') ending.abort(new Error('closed'))
      told++
    },
  })
  await expect(running).rejects.toThrow('closed')
  const before = told
  await new Promise((later) => setImmediate(later))
  expect(told).toBe(before)
})

function check(server: string, options: Partial<NetworkCheckOptions> = {}): Promise<readonly NetworkStep[]> {
  const api = createServerApi({ origin: server })
  return checkNetwork({
    server,
    carillon: (limit) => api.check(limit),
    onSteps: () => {},
    signal: new AbortController().signal,
    addresses,
    ...options,
  })
}

function states(steps: readonly NetworkStep[]): string[] {
  return steps.map(({ state }) => state)
}

async function listen(server: Server): Promise<{ server: Server; port: number }> {
  server.on('tlsClientError', () => {})
  server.on('connection', (socket) => socket.on('error', () => {}))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}
