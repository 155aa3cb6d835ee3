import { expect, test, vi } from 'vitest'
import type { AuditFilter, AuditView } from '#protocol/audit.ts'
import { ada, operator, startAuth } from './auth-fixture.ts'
import { askedBy, onBehalfOf } from './origin.ts'

const origin = { address: '192.0.2.7', requestId: 'request-1', userAgent: 'curl/8' }
const bo = { kind: 'user', id: 'u-bo', name: 'Bo <bo@example.org>' } as const
const lobby = { kind: 'device', id: 'd-1', name: 'lobby-1' } as const

type Server = Awaited<ReturnType<typeof startAuth>>

async function list({ auth }: Server, filter: AuditFilter = {}): Promise<readonly AuditView[]> {
  return (await auth.audit.list(filter, { limit: 200, cursor: null })).items
}

test('an entry tells who did what to what, from where, and how it ended', async () => {
  await using server = await startAuth()
  const { audit } = server.auth
  await onBehalfOf(origin, () => audit.record({ action: 'device_remove', actor: operator, target: lobby }))
  await audit.record({
    action: 'key_refused',
    outcome: 'refused',
    code: 'invalid_token',
    details: { start: 'crl_abc' },
  })
  expect(await list(server)).toEqual([
    {
      ...{ id: expect.any(String), time: expect.stringMatching(/Z$/), action: 'key_refused', outcome: 'refused' },
      ...{ code: 'invalid_token', actor: null, target: null, address: '', requestId: '' },
      details: { start: 'crl_abc' },
    },
    {
      ...{ id: expect.any(String), time: expect.stringMatching(/Z$/), action: 'device_remove', outcome: 'done' },
      ...{ code: null, actor: { kind: 'local', id: 'local', name: 'Olga' }, target: lobby },
      ...{ address: '192.0.2.7', requestId: 'request-1', details: { userAgent: 'curl/8' } },
    },
  ])
})

test.each([
  ['changed', "update audit_entries set outcome = 'failed'"],
  ['removed', "delete from audit_entries where outcome = 'done'"],
])('no entry is %s, whatever the code that has the database does', async (_, statement) => {
  await using server = await startAuth()
  await server.auth.audit.record({ action: 'setup', actor: operator })
  const before = await list(server)
  await expect(server.database.run(statement)).rejects.toThrow(/added and nothing else/)
  expect(await list(server)).toEqual(before)
})

test('what cannot be written is told of in the log, and nobody has to wait or fail for it', async () => {
  await using server = await startAuth()
  await server.database.run('alter table audit_entries rename to elsewhere')
  await server.auth.audit.record({ action: 'setup', actor: operator })
  expect(server.logged()).toContain('an audit entry was not written')
  await server.database.run('alter table elsewhere rename to audit_entries')
})

test('entries are found by what they tell of', async () => {
  await using server = await startAuth()
  const { audit } = server.auth
  await onBehalfOf(origin, () => audit.record({ action: 'user_create', actor: operator, target: bo }))
  server.forward(60)
  const later = new Date(server.clock()).toISOString()
  await audit.record({ action: 'device_remove', actor: bo, target: lobby })
  await audit.record({ action: 'access_refused', actor: bo, outcome: 'refused', code: 'forbidden' })
  const found = async (filter: AuditFilter) => (await list(server, filter)).map(({ action }) => action)
  expect(await found({})).toEqual(['access_refused', 'device_remove', 'user_create'])
  expect(await found({ actor: 'u-bo' })).toEqual(['access_refused', 'device_remove'])
  expect(await found({ actor: 'BO@EXAMPLE' })).toEqual(['access_refused', 'device_remove'])
  expect(await found({ target: 'lobby' })).toEqual(['device_remove'])
  expect(await found({ target: 'bo', actor: 'olga' })).toEqual(['user_create'])
  expect(await found({ action: 'user_create' })).toEqual(['user_create'])
  expect(await found({ outcome: 'refused' })).toEqual(['access_refused'])
  expect(await found({ address: '192.0.2.7' })).toEqual(['user_create'])
  expect(await found({ from: later })).toEqual(['access_refused', 'device_remove'])
  expect(await found({ to: later })).toEqual(['user_create'])
  expect(await found({ actor: 'u-bo', outcome: 'done', from: later })).toEqual(['device_remove'])
})

test('a part of a name is taken as it stands', async () => {
  await using server = await startAuth()
  const named = (name: string) => ({ kind: 'device', id: name, name }) as const
  for (const name of ['lobby_1', 'lobbyx1', '100%', "o'neill!"]) {
    await server.auth.audit.record({ action: 'device_approve', target: named(name) })
  }
  const found = async (target: string) => (await list(server, { target })).map((entry) => entry.target?.name)
  expect(await found('bby_')).toEqual(['lobby_1'])
  expect(await found('0%')).toEqual(['100%'])
  expect(await found("'NEILL!")).toEqual(["o'neill!"])
  expect(await found('%')).toEqual(['100%'])
})

test('a list that is paged through while entries are added shows each that was there once, and no other', async () => {
  await using server = await startAuth()
  const { audit } = server.auth
  const add = (id: string) => audit.record({ action: 'device_approve', target: { kind: 'device', id, name: id } })
  const before = Array.from({ length: 25 }, (_, n) => `d-${n}`)
  for (const id of before) await add(id)
  const seen: unknown[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof audit.list>> = await audit.list({}, { limit: 10, cursor })
    seen.push(...page.items.map(({ target }) => target?.id))
    cursor = page.next
    await add('new')
  } while (cursor !== null)
  expect(seen).toEqual(before.toReversed())
})

test('a last page that is full is known to be the last', async () => {
  await using server = await startAuth()
  for (const _ of [1, 2, 3]) await server.auth.audit.record({ action: 'setup' })
  expect(await server.auth.audit.list({}, { limit: 3, cursor: null })).toMatchObject({ next: null })
  expect(await server.auth.audit.list({}, { limit: 2, cursor: null })).toMatchObject({ next: expect.any(String) })
})

test.each(['', 'x', '01990000-0000-7000-8000-00000000000g', "' or 1=1"])('%j is no cursor', async (cursor) => {
  await using server = await startAuth()
  await expect(server.auth.audit.list({}, { limit: 1, cursor })).rejects.toMatchObject({ code: 'bad_request' })
})

test('reading goes from the oldest to the newest of when it began', async () => {
  await using server = await startAuth()
  const { audit } = server.auth
  for (const id of ['a', 'b', 'c'])
    await audit.record({ action: 'device_approve', target: { kind: 'device', id, name: id } })
  server.forward(1)
  const read: unknown[] = []
  for await (const { target } of audit.read({ action: 'device_approve' })) {
    read.push(target?.id)
    server.forward(1)
    await audit.record({ action: 'device_approve', target: lobby })
  }
  expect(read).toEqual(['a', 'b', 'c'])
})

test('names and details are cut where they become a burden, and hold nothing that a database refuses', async () => {
  await using server = await startAuth()
  await server.auth.audit.record({
    action: 'sign_in',
    target: { kind: 'unknown', id: '', name: `\0\ud800${'x'.repeat(10_000)}` },
    details: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, 'y'.repeat(10_000)])),
  })
  const [entry] = await list(server)
  expect(entry?.target?.name).toBe(`\ufffd\ufffd${'x'.repeat(298)}`)
  expect(Object.values(entry?.details ?? {})).toEqual(Array.from({ length: 20 }, () => 'y'.repeat(300)))
})

test('what is rare is found among many, over several looks at them', async () => {
  await using server = await startAuth()
  const { audit } = server.auth
  await audit.record({ action: 'setup', actor: bo })
  // Later ones, which sort behind it.
  for (let thousand = 0; thousand < 12; thousand++) {
    const rows = Array.from({ length: 1000 }, (_, n) => {
      const id = `02000000-0000-7000-8000-${String(thousand * 1000 + n + 1).padStart(12, '0')}`
      return `('${id}', '2039-09-07T15:47:35.552Z', 'sign_in', 'done', 'user', 'u-1', 'Ada', '', '', '{}')`
    })
    await server.database.run(`insert into audit_entries
      (id, time, action, outcome, actor_kind, actor_id, actor_name, address, request_id, details) values ${rows}`)
  }
  expect(await list(server, { actor: 'bo@', from: '2000-01-01T00:00:00.000Z' })).toMatchObject([{ action: 'setup' }])
  expect(await list(server, { action: 'sign_in', outcome: 'failed' })).toEqual([])
  expect(await list(server, { actor: 'u-1', address: '192.0.2.7' })).toEqual([])
  const all = await audit.list({ actor: 'ada' }, { limit: 200, cursor: null })
  expect(all.items.map(({ id }) => id).at(-1)).toBe('02000000-0000-7000-8000-000000011801')
  server.forward(4_000_000_000)
  let read = 0
  for await (const _ of audit.read({ action: 'sign_in' })) read++
  expect(read).toBe(12_000)
})

test('whoever a request turns out to be from is who did what it does', async () => {
  await using server = await startAuth()
  await onBehalfOf(origin, async () => {
    askedBy(operator)
    await server.auth.audit.record({ action: 'user_create', target: bo })
  })
  await onBehalfOf(origin, () => server.auth.audit.record({ action: 'user_create', target: bo }))
  expect((await list(server)).map(({ actor }) => actor?.name)).toEqual([undefined, 'Olga'])
})

test('what is older than it is kept goes, and nothing else', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    await using server = await startAuth({ auditKeepMs: 24 * 3600_000 })
    await server.auth.audit.record({ action: 'setup', target: bo })
    server.forward(12 * 3600)
    await server.auth.audit.record({ action: 'user_create', target: bo })
    const kept = async () => (await list(server)).map(({ action }) => action)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await kept()).toEqual(['user_create', 'setup'])
    server.forward(12 * 3600 + 1)
    await vi.advanceTimersByTimeAsync(60_000)
    await vi.waitFor(async () => expect(await kept()).toEqual(['user_create']))
    await expect(server.database.run('delete from audit_entries')).rejects.toThrow(/added and nothing else/)
  } finally {
    vi.useRealTimers()
  }
})

test('people are named by what they are called and by their address', async () => {
  await using server = await startAuth()
  const user = await server.auth.users.create(ada)
  const identity = { kind: 'user', userId: user.id, sessionId: 's', ...ada } as const
  await server.auth.audit.record({ action: 'sign_in', actor: identity })
  expect(await list(server, { action: 'sign_in' })).toMatchObject([
    { actor: { kind: 'user', id: user.id, name: 'Ada <ada@example.org>' } },
  ])
})
