import { expect, test } from 'vitest'
import { enrolled, operator, startAuth } from '#server/auth/auth-fixture.ts'
import { EphemeralError } from '#server/store/ephemeral.ts'
import { createMemoryEphemeral } from '#server/store/memory-ephemeral.ts'
import { createPaneCodes, type PaneCodesOptions } from './pane-codes.ts'

test('a code opens the pane of its own screen, once', async () => {
  await using fleet = await build()
  const { codes, device } = fleet
  const { code } = await codes.issue(operator, device.id)
  expect(code).toMatch(/^\d{8}$/)
  expect(await codes.redeem({ id: 'another', name: 'hall-2' }, code)).toBe(false)
  const both = await Promise.all([codes.redeem(device, code), codes.redeem(device, code)])
  expect(both.sort()).toEqual([false, true])
})

test('a code is good for five minutes', async () => {
  await using fleet = await build()
  const { codes, device } = fleet
  const { code, expiresAt } = await codes.issue(operator, device.id)
  expect(Date.parse(expiresAt) - fleet.clock()).toBeGreaterThan(299_000)
  fleet.forward(301)
  expect(await codes.redeem(device, code)).toBe(false)
})

test('a screen that guesses is told to wait, and after five minutes it may try again', async () => {
  await using fleet = await build()
  const { codes, device } = fleet
  for (let tries = 0; tries < 10; tries++) expect(await codes.redeem(device, '00000000')).toBe(false)
  await expect(codes.redeem(device, '00000000')).rejects.toMatchObject({ code: 'rate_limited' })
  fleet.forward(301)
  const { code } = await codes.issue(operator, device.id)
  expect(await codes.redeem(device, code)).toBe(true)
})

test('not more than ten codes of one screen are about', async () => {
  await using fleet = await build()
  for (let made = 0; made < 10; made++) await fleet.codes.issue(operator, fleet.device.id)
  await expect(fleet.codes.issue(operator, fleet.device.id)).rejects.toMatchObject({ code: 'rate_limited' })
})

test('there is none for a screen that nobody knows', async () => {
  await using fleet = await build()
  await expect(fleet.codes.issue(operator, 'nobody')).rejects.toMatchObject({ code: 'unknown_device' })
})

test('what was given and what was tried stands in the audit record, without the digits', async () => {
  await using fleet = await build()
  const { codes, device, auth } = fleet
  const { code } = await codes.issue(operator, device.id)
  await codes.redeem(device, '00000000')
  await codes.redeem(device, code)
  const { items } = await auth.audit.list({}, { limit: 10, cursor: null })
  expect(items.slice(0, 3).map(({ action, outcome }) => [action, outcome])).toEqual([
    ['device_pane_open', 'done'],
    ['device_pane_open', 'refused'],
    ['device_pane_code', 'done'],
  ])
  expect(JSON.stringify(items)).not.toContain(code)
})

test('while what keeps the codes is away, that is said', async () => {
  const away = () => Promise.reject(new EphemeralError('unavailable', 'Redis is away.'))
  await using fleet = await build({ put: away, take: away, count: away })
  await expect(fleet.codes.issue(operator, fleet.device.id)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(fleet.codes.redeem(fleet.device, '00000000')).rejects.toMatchObject({ code: 'unavailable' })
})

async function build(given?: PaneCodesOptions['ephemeral']) {
  const server = await startAuth()
  const { device } = await enrolled(server.auth)
  const { auth, clock } = server
  const ephemeral = given ?? createMemoryEphemeral({ clock })
  const codes = createPaneCodes({ ephemeral, devices: auth.devices, audit: auth.audit, clock })
  return { ...server, codes, device }
}
