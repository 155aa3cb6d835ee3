import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collect, sdkClient, ticketFor } from '../support/sdk-client.ts'
import { freePort, runCarillon, signIn, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a module of the site is told of clients, and decides', async () => {
  const folder = temporaryFolder()
  const [path, notes] = [join(folder, 'site.mjs'), join(folder, 'notes')]
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs'
    const note = (text) => appendFileSync(${JSON.stringify(notes)}, text + '\\n')
    export const connect = ({ identity, transport }) => note('connect ' + identity.name + ' ' + transport)
    export const offline = ({ name }) => note('offline ' + name)
    export async function beforePublish({ data }) {
      if (data === 'spam') return { allow: false, code: 499, message: 'no advertising' }
    }`,
  )
  await using server = await startServerProcess({
    env: { CARILLON_HOOKS: JSON.stringify({ modules: [path], offline_after: '1s' }) },
  })
  const { token } = await signIn(server, 'ada@example.org', 'viewer')
  {
    using sdk = sdkClient(server, { getToken: ticketFor(server, token) })
    sdk.client.connect()
    const { received } = await collect(sdk.client, 'news:a')
    const refused = await server.cli(['publish', 'news:a', '"spam"'])
    expect([refused.code, refused.output]).toEqual([1, expect.stringMatching(/no advertising.*\[error_499\]/s)])
    expect((await server.cli(['publish', 'news:a', '"soup"'])).code).toBe(0)
    await expect.poll(() => received).toEqual(['soup'])
  }
  const noted = () => readFileSync(notes, 'utf8')
  await expect.poll(noted).toBe('connect ada websocket\noffline ada\n')
})

test('a module with something else than hooks keeps the server from starting, and the reason is said', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'site.mjs')
  writeFileSync(path, 'export function onConnect() {}')
  const { code, output } = await runCarillon(
    ['serve', '--port', String(await freePort()), '--data', join(folder, 'data')],
    { env: { CARILLON_HOOKS: JSON.stringify({ modules: [path] }) } },
  )
  expect(code).toBe(1)
  expect(output).toMatch(/exports onConnect, which is no hook.*\[config_invalid\]/s)
})

test('what a module forgets to wait for is logged with its name, and the server goes on', async () => {
  const path = join(temporaryFolder(), 'site.mjs')
  writeFileSync(
    path,
    `const later = async () => { await null; throw new Error('not awaited') }
    export function beforePublish() {
      later()
      fetch('http://127.0.0.1:1/')
      setTimeout(() => { throw new Error('from a timer') })
    }`,
  )
  await using server = await startServerProcess({ env: { CARILLON_HOOKS: JSON.stringify({ modules: [path] }) } })
  expect((await server.cli(['publish', 'news:a', '"soup"'])).code).toBe(0)
  for (const message of ['not awaited', 'fetch failed', 'from a timer']) {
    const line = new RegExp(`"level":60.*${message}.*"module":"${path}"`)
    await expect.poll(server.output).toMatch(line)
  }
  expect((await server.cli(['publish', 'news:a', '"salad"'])).code).toBe(0)
  expect(await server.stop()).toBe(0)
})
