import { expect, test } from 'vitest'
import { memoryLog } from '../log.ts'
import { ServerError } from '../server-error.ts'
import { createServerSwitch, type ServerSwitchOptions } from './server-switch.ts'

const old = 'https://old.example.org'

test('a server that answers and takes the screen is kept, and not before', async () => {
  const { change, deeds } = build()
  expect(await change('new.example.org/console')).toEqual({ ok: true, value: 'https://new.example.org' })
  expect(deeds).toEqual([
    'check https://new.example.org',
    'use https://new.example.org',
    'settled https://new.example.org',
    'keep https://new.example.org',
  ])
})

test('an address that is none, or the present one, changes nothing', async () => {
  const { change, deeds } = build()
  expect(await change('http://')).toMatchObject({ ok: false, code: 'bad_address' })
  expect(await change(`${old}/`)).toMatchObject({ ok: false, code: 'same_server' })
  expect(deeds).toEqual([])
})

test('where nothing answers the screen never leaves its server', async () => {
  const check = () => Promise.reject(new ServerError('server_unreachable', 'Nothing listens at new.example.org.'))
  const { change, deeds } = build({ check })
  expect(await change('new.example.org')).toEqual({
    ok: false,
    code: 'server_unreachable',
    message: 'Nothing listens at new.example.org.',
  })
  expect(deeds).toEqual([])
})

test('where the screen cannot begin it goes back to the old server, which was kept all along', async () => {
  const settled = (_origin: string, signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const { change, deeds } = build({ settled, timeout: 20 })
  expect(await change('new.example.org')).toMatchObject({
    code: 'server_not_kept',
    message: expect.stringContaining(`It is back with ${old}.`),
  })
  expect(deeds).toEqual(['check https://new.example.org', 'use https://new.example.org', `use ${old}`])
})

test('one address at a time', async () => {
  const { change } = build()
  const both = await Promise.all([change('a.example.org'), change('b.example.org')])
  expect(both).toMatchObject([{ ok: true }, { ok: false, code: 'busy' }])
})

function build(options: Partial<ServerSwitchOptions> = {}) {
  const deeds: string[] = []
  const change = createServerSwitch({
    current: () => old,
    check: async (origin) => void deeds.push(`check ${origin}`),
    use: (origin) => void deeds.push(`use ${origin}`),
    settled: async (origin) => void deeds.push(`settled ${origin}`),
    keep: (origin) => void deeds.push(`keep ${origin}`),
    log: memoryLog(),
    ...options,
  })
  return { change, deeds }
}
