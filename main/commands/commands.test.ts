import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { DeviceCommand, DeviceCommandResult } from '#protocol/device-commands.ts'
import { rpcErrors } from '#protocol/rpc-errors.ts'
import { memoryLog } from '../log.ts'
import { memoryFile } from '../test-support/memory-file.ts'
import { type CommandsOptions, type Effect, maxWaiting, openCommands } from './commands.ts'
import { type Ledger, maxResults } from './ledger.ts'

test('a command is carried out once and its result told once, whatever is delivered again', async () => {
  const { commands, took, told } = await build()
  const command = reload()
  expect(commands.take(command)).toBe('taken')
  commands.take(command)
  await vi.waitFor(() => expect(told).toHaveLength(1))
  expect(commands.take(command, 'past')).toBe('known')
  expect(took).toEqual([expect.objectContaining({ id: command.id, command: 'reload', args: { fresh: false } })])
  expect(told).toEqual([{ id: command.id, state: 'done', code: null, message: 'It was done.' }])
})

test('commands are carried out one after another, in the order in which they came', async () => {
  const steps: string[] = []
  const { commands } = await build({
    async carryOut({ id }) {
      steps.push(`begin ${id}`)
      await Promise.resolve()
      steps.push(`end ${id}`)
      return done
    },
  })
  const all = [reload(), reload(), reload()]
  for (const command of all) commands.take(command)
  await vi.waitFor(() => expect(steps).toHaveLength(6))
  expect(steps).toEqual(all.flatMap(({ id }) => [`begin ${id}`, `end ${id}`]))
})

test('what is over its deadline is not begun, also when it passes while the command waits', async () => {
  const first = Promise.withResolvers<Effect>()
  const { commands, clock, took, told } = await build({ carryOut: () => first.promise })
  const waits = reload({ deadline: '2026-01-01T00:00:10.000Z' })
  commands.take(reload({ deadline: '2026-01-01T00:00:10.000Z' }))
  commands.take(waits)
  commands.take(reload({ deadline: '2025-12-31T23:59:59.000Z' }))
  await vi.waitFor(() => expect(took).toHaveLength(1))
  clock.now += 11_000
  first.resolve(done)
  await vi.waitFor(() => expect(told.map(({ state }) => state)).toEqual(['done', 'expired', 'expired']))
  expect(told[1]).toMatchObject({ id: waits.id, code: 'expired', message: expect.stringContaining('deadline') })
  expect(took).toHaveLength(1)
})

test.each([
  ['for another device', { device: 'd2' }, 'other_device'],
  ['that is unknown', { command: 'dance' }, 'unknown_command'],
  ['whose name is no name', { command: 7 }, 'unknown_command'],
  ['with other arguments', { args: { fresh: 'yes' } }, 'invalid_command'],
  ['without a deadline', { deadline: undefined }, 'invalid_command'],
  ['that shows what is no web page', { command: 'show', args: { url: 'file:///etc/passwd' } }, 'invalid_command'],
])('a command %s is refused, with a sentence', async (_what, part, code) => {
  const { commands, took, told } = await build()
  const command = { ...reload(), ...part }
  expect(commands.take(command)).toBe('taken')
  await vi.waitFor(() => expect(told).toHaveLength(1))
  expect(told[0]).toMatchObject({ id: command.id, state: 'refused', code })
  expect(told[0]?.message).toMatch(/^[A-Z].*\.$/)
  expect(commands.take(command)).toBe('known')
  expect(took).toEqual([])
})

test.each([{ show: { message: 'x' } }, { settings: true }, 'show', null, { id: 'x', command: 'reload' }])(
  '%j is no command',
  async (data) => {
    const { commands } = await build()
    expect(commands.take(data)).toBe('other')
  },
)

test('what failed, and what the device cannot do, is told as it is', async () => {
  const effects: (Effect | Error)[] = [
    { state: 'refused', code: 'not_available', message: 'There is no display here.' },
    new Error('it broke'),
    { state: 'done', message: 'Here.', value: { a: 1 } },
  ]
  const { commands, told } = await build({
    async carryOut() {
      const effect = effects.shift()
      if (effect === undefined || effect instanceof Error) throw effect
      return effect
    },
  })
  for (let n = 0; n < 3; n++) commands.take(reload())
  await vi.waitFor(() => expect(told).toHaveLength(3))
  expect(told.map(({ id: _, ...rest }) => rest)).toEqual([
    { state: 'refused', code: 'not_available', message: 'There is no display here.' },
    { state: 'failed', code: 'failed', message: 'It did not work: it broke' },
    { state: 'done', code: null, message: 'Here.', value: { a: 1 } },
  ])
})

test('a command that never ends fails after its time, and the next one is carried out', async () => {
  const { commands, told } = await build({
    carryOut: ({ command }) => (command === 'screenshot' ? new Promise(() => {}) : Promise.resolve(done)),
    times: { patience: 20 },
  })
  commands.take(reload({ command: 'screenshot', args: {} }))
  commands.take(reload())
  await vi.waitFor(() => expect(told.map(({ code }) => code)).toEqual(['timed_out', null]))
})

test('more commands than may wait are refused', async () => {
  const first = Promise.withResolvers<Effect>()
  const { commands, told } = await build({ carryOut: () => first.promise })
  for (let n = 0; n < maxWaiting + 1; n++) commands.take(reload())
  await vi.waitFor(() => expect(told).toEqual([expect.objectContaining({ state: 'refused', code: 'busy' })]))
  first.resolve(done)
  await vi.waitFor(() => expect(told).toHaveLength(maxWaiting + 1))
})

test('without a server results wait, and nothing more is begun than can be kept', async () => {
  const { commands, took, told, attempts, log, server } = await build()
  server.error = { code: 0, message: 'not connected' }
  for (let n = 0; n < maxResults + 1; n++) {
    const before = attempts.length
    if (commands.take(reload()) === 'taken' && n < maxResults) {
      await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(before), { interval: 1 })
    }
  }
  expect(took).toHaveLength(maxResults)
  expect(log.lines.some((line) => line.startsWith('command left'))).toBe(true)
  server.error = null
  commands.online()
  await vi.waitFor(() => expect(told).toHaveLength(maxResults))
  expect(told.map(({ id }) => id)).toEqual(took.map(({ id }) => id))
})

test('a result that the server cannot take now is sent again, one that it never takes is not', async () => {
  const { commands, told, server, attempts } = await build()
  server.error = { code: 1, message: 'timeout' }
  commands.take(reload())
  await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(2))
  server.error = null
  await vi.waitFor(() => expect(told).toHaveLength(1))
  server.error = { code: rpcErrors.not_found, message: 'no such command' }
  const unknown = reload()
  commands.take(unknown)
  await vi.waitFor(() => expect(attempts.at(-1)?.id).toBe(unknown.id))
  server.error = null
  const after = reload()
  commands.take(after)
  await vi.waitFor(() => expect(told.at(-1)?.id).toBe(after.id))
  expect(told.map(({ id }) => id)).not.toContain(unknown.id)
})

test('a server that does not know the method is asked again at the next connection', async () => {
  const { commands, told, server, attempts } = await build()
  server.error = { code: 104, message: 'method not found' }
  commands.take(reload())
  await vi.waitFor(() => expect(attempts).toHaveLength(1))
  server.error = null
  commands.online()
  await vi.waitFor(() => expect(told).toHaveLength(1))
  expect(attempts).toHaveLength(2)
})

test('a result that was not told before the app ended is told by the next run', async () => {
  const first = await build()
  first.server.error = { code: 0, message: 'not connected' }
  const command = reload()
  first.commands.take(command)
  await vi.waitFor(() => expect(first.attempts).toHaveLength(1))
  await first.commands[Symbol.asyncDispose]()
  const { commands, took, told } = await build({ file: first.file })
  commands.online()
  commands.take(command, 'past')
  await vi.waitFor(() => expect(told).toEqual([expect.objectContaining({ id: command.id, state: 'done' })]))
  expect(took).toEqual([])
})

test.each([
  ['restart-app', 'boot-1', { state: 'done', code: null }],
  ['reboot', 'boot-2', { state: 'done', code: null }],
  ['reboot', 'boot-1', { state: 'failed', code: 'not_rebooted' }],
  ['reboot', null, { state: 'failed', code: 'not_rebooted' }],
  ['screenshot', 'boot-1', { state: 'failed', code: 'interrupted' }],
] as const)('the run after a %s on %s says how it went, and does not do it again', async (name, boot, expected) => {
  const first = await build({ carryOut: () => new Promise(() => {}) })
  const command = reload({ command: name, args: {} })
  first.commands.take(command)
  await vi.waitFor(() => expect(first.took).toHaveLength(1))
  await first.commands[Symbol.asyncDispose]()
  expect(first.told).toEqual([])
  const { commands, took, told } = await build({ file: first.file, run: { run: 'run-2', boot } })
  commands.take(command, 'past')
  commands.online()
  await vi.waitFor(() => expect(told).toEqual([expect.objectContaining({ id: command.id, ...expected })]))
  expect(took).toEqual([])
})

test('what waits to be shown is not shown after something newer, and everything else is done', async () => {
  const first = Promise.withResolvers<Effect>()
  const { commands, took, told } = await build({ carryOut: () => first.promise })
  commands.take(reload())
  const older = reload({ command: 'show', args: { message: 'older' } })
  for (const command of [older, reload()]) commands.take(command)
  commands.overtake()
  const newer = reload({ command: 'show', args: { message: 'newer' } })
  commands.take(newer)
  first.resolve(done)
  await vi.waitFor(() => expect(told).toHaveLength(4))
  expect(told.map(({ code }) => code)).toEqual([null, 'overtaken', null, null])
  expect(took.map(({ id }) => id)).toContain(newer.id)
  expect(took.map(({ id }) => id)).not.toContain(older.id)
})

test('a device that cannot keep what it does neither restarts nor reboots, and does the rest', async () => {
  const { commands, file, took, told } = await build()
  file.write = () => Promise.reject(new Error('read-only file system'))
  commands.take(reload({ command: 'reboot', args: {} }))
  commands.take(reload())
  await vi.waitFor(() => expect(told.map(({ code }) => code)).toEqual(['not_kept', null]))
  expect(took.map(({ command }) => command)).toEqual(['reload'])
})

test('a device that has lost its ledger does not reboot for what it finds in the past', async () => {
  const { commands, took, told } = await build()
  const past = reload({ command: 'reboot', args: {} })
  commands.take(past, 'past')
  commands.take(reload({ device: 'd0' }), 'past')
  await vi.waitFor(() => expect(told).toEqual([expect.objectContaining({ id: past.id, code: 'forgotten' })]))
  commands.take(reload({ command: 'reboot', args: {} }))
  await vi.waitFor(() => expect(took).toHaveLength(1))
})

test('the ledger of another device counts for nothing', async () => {
  const first = await build()
  const command = reload()
  first.commands.take(command)
  await vi.waitFor(() => expect(first.told).toHaveLength(1))
  await first.commands[Symbol.asyncDispose]()
  const { commands, told } = await build({ file: first.file, device: 'd2' })
  commands.take({ ...command, device: 'd2' })
  await vi.waitFor(() => expect(told).toHaveLength(1))
})

const done: Effect = { state: 'done', message: 'It was done.' }

function reload(part: Partial<Record<keyof DeviceCommand, unknown>> = {}) {
  const deadline = '2026-01-01T01:00:00.000Z'
  return { id: randomUUID() as string, device: 'd1', deadline, command: 'reload', args: {}, ...part }
}

interface Given extends Partial<Pick<CommandsOptions, 'carryOut' | 'run' | 'device' | 'times'>> {
  readonly file?: ReturnType<typeof memoryFile<Ledger>>
}

async function build({ file = memoryFile<Ledger>(), carryOut = async () => done, times, ...given }: Given = {}) {
  const took: DeviceCommand[] = []
  const told: DeviceCommandResult[] = []
  const attempts: DeviceCommandResult[] = []
  const clock = { now: Date.parse('2026-01-01T00:00:00.000Z') }
  const server: { error: { code: number; message: string } | null } = { error: null }
  const log = memoryLog()
  const commands = await openCommands({
    ...{ device: 'd1', file, log, run: { run: 'run-1', boot: 'boot-1' }, ...given },
    name: () => 'lobby-1',
    now: () => clock.now,
    carryOut(command, signal) {
      took.push(command)
      return carryOut(command, signal)
    },
    async send(result) {
      attempts.push(result)
      if (server.error !== null) throw server.error
      told.push(result)
    },
    times: { minRetry: 1, maxRetry: 5, ...times },
  })
  onTestFinished(() => commands[Symbol.asyncDispose]())
  return { commands, file, took, told, attempts, clock, server, log }
}
