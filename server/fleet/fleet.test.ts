import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { DeviceHealth, DeviceStatus } from '#protocol/device-report.ts'
import { enrolled, operator } from '#server/auth/auth-fixture.ts'
import { createCommandRecords, keptPerDevice } from './command-records.ts'
import { startFleet } from './fleet-fixture.ts'
import { maxOpen } from './sending.ts'

const at = '2026-01-02T03:04:05.000Z'
const showing: DeviceStatus = {
  shell: { phase: 'showing', since: at, url: null, fault: null, message: null, restarts: 0 },
  health: null,
}
const health: DeviceHealth = {
  ...{ at, board: 'Raspberry Pi 3', serial: null, temperature: 61.5, underVoltage: false, throttled: false },
  ...{ memoryTotal: 1e9, memoryAvailable: 4e8, memoryPressure: 0, storageReadOnly: false, storageErrors: 0 },
  ...{ displayOn: true, idle: null, watchdog: 'armed', uptime: 60, profile: 'low', clockOffset: 0 },
}
const done = (id: string) => ({ id, state: 'done', code: null, message: 'Done.' }) as const

test('a command is written down before it is published, and operators see both', async () => {
  await using server = await startFleet()
  const { command, isNew } = await server.send()
  expect({ isNew, ...command }).toMatchObject({ isNew: true, state: 'sent', command: 'reload', sentBy: 'Olga' })
  const { id, deadline } = command
  expect(Date.parse(deadline) - Date.parse(command.sentAt)).toBe(60_000)
  expect(server.commands()).toEqual([
    { id, device: server.device.id, deadline, command: 'reload', args: { fresh: false } },
  ])
  expect(server.news()).toMatchObject([{ type: 'command', command: { id, state: 'sent' } }])
  await server.fleet.settle(server.device, done(id))
  expect(server.news().at(-1)).toMatchObject({ command: { id, state: 'done', message: 'Done.' } })
  const { items } = await server.auth.audit.list({ action: 'device_command' }, { limit: 5, cursor: null })
  expect(items).toMatchObject([{ target: { name: 'lobby-1' }, details: { command: 'reload', id } }])
})

test('without an answer by its deadline nobody knows, and an answer after all still counts', async () => {
  await using server = await startFleet()
  const { command } = await server.send()
  const state = async () => (await server.fleet.command(server.device.id, command.id)).state
  server.forward(59)
  expect(await state()).toBe('sent')
  server.forward(1)
  expect(await state()).toBe('no_answer')
  await server.fleet.settle(server.device, { ...done(command.id), value: { late: true } })
  expect(await server.fleet.command(server.device.id, command.id)).toMatchObject({
    state: 'done',
    value: { late: true },
  })
})

test('the first answer counts', async () => {
  await using server = await startFleet()
  const { command } = await server.send()
  await Promise.all([
    server.fleet.settle(server.device, done(command.id)),
    server.fleet.settle(server.device, done(command.id)),
  ])
  await server.fleet.settle(server.device, { id: command.id, state: 'failed', code: 'late', message: 'No.' })
  expect(await server.fleet.command(server.device.id, command.id)).toMatchObject({ state: 'done', code: null })
  const told = server.news().filter((news) => JSON.stringify(news).includes('"done"'))
  expect(told).toHaveLength(1)
})

test('another device answers for none of it', async () => {
  await using server = await startFleet()
  const { command } = await server.send()
  const { device } = await enrolled(server.auth, 'lobby-2')
  const refused = { code: 'unknown_command' }
  await expect(server.fleet.settle(device, done(command.id))).rejects.toMatchObject(refused)
  await expect(server.fleet.settle(device, done(randomUUID()))).rejects.toMatchObject(refused)
  await expect(server.fleet.command(device.id, command.id)).rejects.toMatchObject(refused)
})

test('what could not be published is said to be so, and the same again sends it', async () => {
  await using server = await startFleet()
  server.refuse({ ok: false, error: 'internal', message: 'Redis does not answer. Try again.' })
  await expect(server.send({}, 'k')).rejects.toMatchObject({ code: 'unavailable' })
  const { items } = await server.fleet.commands(server.device.id, { limit: 10, cursor: null })
  expect(items).toMatchObject([{ state: 'failed', code: 'not_published', message: expect.stringMatching(/Redis/) }])
  server.refuse(null)
  expect(await server.send({}, 'k')).toMatchObject({
    isNew: false,
    command: { id: items[0]?.id, state: 'sent', code: null },
  })
  expect(server.commands()).toMatchObject([{ id: items[0]?.id }])
})

test.each([
  ['unknownChannel', 'unknown_channel'],
  ['permissionDenied', 'forbidden'],
] as const)('a channel that says %s is told as %s', async (error, code) => {
  await using server = await startFleet()
  server.refuse({ ok: false, error, message: 'No.' })
  await expect(server.send()).rejects.toMatchObject({ code })
})

test('an idempotency key is its sender’s own, and of one command', async () => {
  await using server = await startFleet()
  const [one, two] = await Promise.all([server.send({}, 'k'), server.send({}, 'k')])
  expect([one.isNew, two.isNew].sort()).toEqual([false, true])
  expect(one.command.id).toBe(two.command.id)
  await expect(server.send({ command: 'reboot', args: {} }, 'k')).rejects.toMatchObject({ code: 'already_exists' })
  const bob = { ...operator, userId: 'bob' } as typeof operator
  const request = { command: 'reload', args: { fresh: false }, expiresIn: 60 } as const
  expect(await server.fleet.send(bob, server.device.id, request, 'k')).toMatchObject({ isNew: true })
})

test('a device has so many commands to answer and no more', async () => {
  await using server = await startFleet()
  await fill(server, maxOpen)
  await expect(server.send()).rejects.toMatchObject({ code: 'too_many_commands' })
  server.forward(61)
  expect(await server.send()).toMatchObject({ isNew: true })
})

test('commands are listed the newest first, in pages, and the oldest give way', async () => {
  await using server = await startFleet()
  await fill(server, keptPerDevice + 3)
  const first = await server.fleet.commands(server.device.id, { limit: 400, cursor: null })
  const ids = [...first.items]
  for (let { next } = first; next !== null; ) {
    const page = await server.fleet.commands(server.device.id, { limit: 400, cursor: next })
    ids.push(...page.items)
    next = page.next
  }
  expect(ids.map(({ args }) => args.seconds)).toEqual(
    Array.from({ length: keptPerDevice }, (_, i) => keptPerDevice + 2 - i),
  )
  const wrong = server.fleet.commands(server.device.id, { limit: 1, cursor: "' or 1" })
  await expect(wrong).rejects.toMatchObject({ code: 'bad_request' })
  await expect(server.fleet.commands('nobody', { limit: 1, cursor: null })).rejects.toMatchObject({
    code: 'unknown_device',
  })
})

test('after 30 days a command is forgotten', async () => {
  await using server = await startFleet()
  const { command } = await server.send()
  const records = createCommandRecords(server)
  server.forward(29 * 24 * 3600)
  await records.sweep()
  expect(await server.fleet.command(server.device.id, command.id)).toMatchObject({ state: 'no_answer' })
  server.forward(2 * 24 * 3600)
  await records.sweep()
  await expect(server.fleet.command(server.device.id, command.id)).rejects.toMatchObject({ code: 'unknown_command' })
})

test('the newest report is kept, with the health that was said last', async () => {
  await using server = await startFleet()
  const { fleet, device } = server
  expect(await fleet.statusOf(device.id)).toBeNull()
  await fleet.report(device, { ...showing, health })
  server.forward(1)
  const fault = { ...showing.shell, phase: 'failed', fault: 'crash_loop', message: 'Look at the page.' } as const
  await Promise.all([fleet.report(device, showing), fleet.report(device, { shell: fault, health: null })])
  const kept = { shell: fault, health }
  expect(await fleet.statusOf(device.id)).toMatchObject(kept)
  expect((await fleet.statuses()).get(device.id)).toMatchObject(kept)
  expect(server.news()).toMatchObject([{ status: { health } }, { status: { ...showing, health } }, { status: kept }])
})

test('what lets somebody into a page is in no report and on no record, and the screen is told it', async () => {
  await using server = await startFleet()
  const url = 'https://ada:hunter2@signs.example.org/?token=abc123&floor=3'
  const shown = 'https://[masked]@signs.example.org/?token=[masked]&floor=3'
  await server.send({ command: 'show', args: { url } })
  expect(server.commands()).toMatchObject([{ args: { url } }])
  await server.fleet.report(server.device, { ...showing, shell: { ...showing.shell, url } })
  expect(await server.fleet.statusOf(server.device.id)).toMatchObject({ shell: { url: shown } })
  expect(server.news().at(-1)).toMatchObject({ status: { shell: { url: shown } } })
  const { items } = await server.auth.audit.list({ action: 'device_command' }, { limit: 5, cursor: null })
  expect(items).toMatchObject([{ details: { command: 'show', url: shown } }])
})

test('a device that reports faster than can be written is told so', async () => {
  await using server = await startFleet()
  const sent = await Promise.allSettled(Array.from({ length: 40 }, () => server.fleet.report(server.device, showing)))
  const refused = sent.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(24)
  expect(refused[0]).toMatchObject({ reason: { code: 'unavailable' } })
  await server.fleet.report(server.device, showing)
})

test('five pictures of a device are kept', async () => {
  await using server = await startFleet()
  const ids: string[] = []
  for (let i = 0; i < 7; i++) {
    const { command } = await server.send({ command: 'screenshot', args: {} })
    ids.push(command.id)
    await server.fleet.keepScreenshot(server.device, command.id, pngOf(i + 1))
  }
  const { items } = await server.fleet.commands(server.device.id, { limit: 10, cursor: null })
  expect(items.map(({ screenshot }) => screenshot)).toEqual([true, true, true, true, true, false, false])
  expect(Buffer.from(await server.fleet.screenshot(server.device.id, ids[6] ?? ''))).toEqual(pngOf(7))
  await expect(server.fleet.screenshot(server.device.id, ids[0] ?? '')).rejects.toMatchObject({ code: 'not_found' })
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a page', Buffer.from(`<html>${' '.repeat(60)}`)],
  ['a picture without sides', pngOf(0)],
  ['a picture as wide as no screen', pngOf(100_000)],
])('%s is no picture', async (_, bytes) => {
  await using server = await startFleet()
  const { command } = await server.send({ command: 'screenshot', args: {} })
  await expect(server.fleet.keepScreenshot(server.device, command.id, bytes)).rejects.toMatchObject({
    code: 'bad_request',
  })
})

test('a PIN is told to its device as a hash, and put on record without it', async () => {
  await using server = await startFleet()
  const { fleet, device } = server
  expect(await fleet.settings(device.id)).toEqual({ allowedOrigins: ['https://signs.example.org'], pin: null })
  await fleet.setPin(operator, device.id, '271828')
  const { pin } = await fleet.settings(device.id)
  expect(pin).toMatchObject({ cost: 16_384, blockSize: 8, parallelization: 1 })
  expect(JSON.stringify(pin)).not.toContain('271828')
  expect(server.commands()).toEqual([{ settings: true }])
  expect(await fleet.withPin()).toEqual(new Set([device.id]))
  await fleet.setPin(operator, device.id, null)
  expect(await fleet.withPin()).toEqual(new Set())
  const { items } = await server.auth.audit.list({ target: device.id }, { limit: 5, cursor: null })
  expect(items.map(({ action }) => action)).toEqual(['device_pin_clear', 'device_pin_set', 'device_approve'])
  expect(JSON.stringify(items) + server.logged()).not.toContain('271828')
  await expect(fleet.setPin(operator, 'nobody', '271828')).rejects.toMatchObject({ code: 'unknown_device' })
})

test('with a device goes all that is known of it', async () => {
  await using server = await startFleet()
  const { command } = await server.send({ command: 'screenshot', args: {} })
  await server.fleet.keepScreenshot(server.device, command.id, pngOf(1))
  await server.fleet.report(server.device, showing)
  await server.auth.devices.remove(server.device.id)
  for (const table of ['device_status', 'device_commands', 'device_screenshots']) {
    expect(await server.database.get(`select count(*) as n from ${table}`)).toEqual({ n: 0 })
  }
})

/** As many commands as nobody wants to send one after the other, told apart by their seconds. */
async function fill({ database, device, clock }: Awaited<ReturnType<typeof startFleet>>, count: number): Promise<void> {
  const records = createCommandRecords({ database, clock })
  const now = clock()
  const iso = (time: number) => new Date(time).toISOString()
  for (let i = 0; i < count; i++) {
    await records.insert({
      ...{ id: `00000000-0000-7000-8000-${String(i).padStart(12, '0')}`, device_id: device.id, command: 'identify' },
      ...{ args: JSON.stringify({ seconds: i }), sent_at: iso(now), deadline: iso(now + 60_000), sent_by: 'Olga' },
      idempotency_key: null,
    })
  }
}

function pngOf(side: number): Buffer {
  const bytes = Buffer.alloc(40)
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]).copy(bytes)
  bytes.write('IHDR', 12, 'latin1')
  bytes.writeUInt32BE(side, 16)
  bytes.writeUInt32BE(side, 20)
  return bytes
}
