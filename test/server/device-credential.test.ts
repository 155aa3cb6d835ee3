import { expect, onTestFinished, test } from 'vitest'
import { createCredentials } from '#main/credentials.ts'
import { createKiosk } from '#main/kiosk.ts'
import { memoryLog } from '#main/log.ts'
import { createServerApi } from '#main/server-api.ts'
import { fakeHost, memoryFiles } from '#main/test-support/fake-host.ts'
import { fakeKeychain } from '#main/test-support/fake-keychain.ts'
import { bearer, signIn, startServerProcess } from '../support/server-process.ts'

test('a kiosk that is told so changes its credential by itself, and goes on showing what it is told', async () => {
  await using server = await startServerProcess()
  const admin = await signIn(server, 'ada@example.org', 'admin')
  const keychain = fakeKeychain()
  const log = memoryLog()
  const kiosk = createKiosk({
    api: createServerApi({ origin: server.url, userAgent: 'carillon-kiosk/0' }),
    ...{
      version: '0',
      log,
      credentials: createCredentials({ open: keychain.open }),
      files: memoryFiles(),
      host: fakeHost(),
    },
    ...{ about: { hostname: 'pi', version: '0', platform: 'linux' }, onState() {}, onScreen() {} },
    onSettings() {},
    times: { second: 200 },
  })
  onTestFinished(() => kiosk[Symbol.dispose]())
  const soon = { timeout: 15_000, interval: 50 }
  const state = () => kiosk.state
  const online = { phase: 'enrolled', link: { phase: 'online' } }
  const credential = () => [...keychain.entries.values()][0] ?? ''
  const show = (message: string) => server.cli(['publish', 'commands:lobby-1', JSON.stringify({ show: { message } })])
  const device = async () => {
    const { body } = await server.api('GET', '/api/v1/devices', { headers: bearer(admin.token) })
    return (body as { items: { id: string; storage: string; rotating: boolean; credentialSince: string }[] }).items[0]
  }

  kiosk.start()
  await expect.poll(state, soon).toMatchObject({ phase: 'enrolling' })
  const { userCode } = kiosk.state as { userCode: string }
  const approval = { headers: bearer(admin.token), body: { name: 'lobby-1' } }
  await server.api('POST', `/api/v1/enrolments/${userCode}/approve`, approval)
  await expect.poll(state, soon).toMatchObject(online)
  await expect.poll(device, soon).toMatchObject({ storage: 'keychain', rotating: false })
  await show('before')
  await expect.poll(state, soon).toMatchObject({ screen: { message: 'before' } })

  const [first, before] = [credential(), await device()]
  await server.api('POST', `/api/v1/devices/${before?.id}/rotate`, { headers: bearer(admin.token) })
  await expect.poll(credential, soon).not.toBe(first)
  await expect.poll(device, soon).toMatchObject({ rotating: false })
  expect(Date.parse((await device())?.credentialSince ?? '')).toBeGreaterThan(Date.parse(before?.credentialSince ?? ''))
  expect(await server.api('GET', '/api/v1/me', { headers: bearer(first) })).toMatchObject({ status: 401 })
  expect(await server.api('GET', '/api/v1/me', { headers: bearer(credential()) })).toMatchObject({ status: 200 })
  await expect.poll(state, soon).toMatchObject({ ...online, screen: { message: 'before' } })
  await show('after')
  await expect.poll(state, soon).toMatchObject({ screen: { message: 'after' } })
  for (const secret of [first, credential()]) expect(log.lines.join() + server.output()).not.toContain(secret)
}, 60_000)
