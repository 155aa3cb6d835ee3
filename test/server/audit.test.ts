import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { page } from '#protocol/api.ts'
import { type AuditView, auditView } from '#protocol/audit.ts'
import { openRaw } from '../support/raw-client.ts'
import {
  bearer,
  createKey,
  password,
  type ServerProcess,
  signIn,
  startServerProcess,
} from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function entries(server: ServerProcess, headers: Record<string, string>, query = ''): Promise<AuditView[]> {
  const { body } = await server.api('GET', `/api/v1/audit${query}`, { headers })
  return page(auditView).parse(body).items
}

test('administrators read what was done and refused, with the id that the answer to the request had', async () => {
  await using server = await startServerProcess()
  const ada = await signIn(server, 'ada@example.org', 'admin')
  const vera = await signIn(server, 'vera@example.org', 'viewer')
  const admin = bearer(ada.token)
  const refused = await server.api('GET', '/api/v1/audit', { headers: bearer(vera.token) })
  expect(refused.body).toMatchObject({ status: 403, code: 'forbidden' })
  const [entry] = await entries(server, admin, '?action=access_refused')
  expect(entry).toEqual({
    ...{ id: expect.any(String), time: expect.any(String), action: 'access_refused', outcome: 'refused' },
    ...{ code: 'forbidden', actor: { kind: 'user', id: vera.id, name: 'vera <vera@example.org>' } },
    target: { kind: 'route', id: 'GET /api/v1/audit', name: 'GET /api/v1/audit' },
    ...{ address: '127.0.0.1', requestId: refused.headers.get('x-request-id'), details: { userAgent: 'node' } },
  })

  const created = await server.api('POST', '/api/v1/keys', {
    headers: { ...admin, 'x-request-id': 'made-up-by-the-caller' },
    body: { name: 'weather', scopes: ['publish'] },
  })
  const { id } = created.body as { id: string }
  expect((await server.api('DELETE', `/api/v1/keys/${id}`, { headers: admin })).status).toBe(204)
  const byAda = await entries(server, admin, `?actor=${ada.id}&target=weather`)
  expect(byAda.map(({ action }) => action)).toEqual(['key_revoke', 'key_create'])
  expect(byAda[1]?.requestId).toBe(created.headers.get('x-request-id'))
  expect(byAda[1]?.requestId).not.toBe('made-up-by-the-caller')

  const locally = await entries(server, admin, '?actor=local&action=user_create')
  expect(locally.map(({ actor, address }) => [actor?.kind, address])).toEqual([
    ['local', '127.0.0.1'],
    ['local', '127.0.0.1'],
  ])
})

test('keys, tokens and tickets that are not valid are on record, wherever they are presented', async () => {
  await using server = await startServerProcess()
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const guess = 'crl_0123456789012345678901234567890123456789012'
  for (let n = 0; n < 20; n++) {
    const { status } = await server.api('POST', '/api/publish', { headers: { 'x-api-key': guess }, body: {} })
    expect(status).toBe(401)
  }
  await server.api('GET', '/api/v1/me', { headers: bearer('a-token') })
  const socket = `${server.url.replace(/^http/, 'ws')}/connection/websocket?ticket=used`
  await expect(openRaw(socket, [], { headers: { 'user-agent': 'a browser' } })).rejects.toThrow(/401/)
  const found = await entries(server, admin, '?outcome=refused')
  expect(found.map(({ action, code, target, details }) => [action, code, target?.id, details.start])).toEqual([
    ['access_refused', 'unauthorized', 'GET /connection', undefined],
    ['access_refused', 'invalid_token', 'GET /api/v1/me', undefined],
    ['key_refused', 'invalid_token', 'POST /api/publish', 'crl_012345'],
  ])
  expect(found[0]).toMatchObject({ address: '127.0.0.1', details: { userAgent: 'a browser' } })
  // What was only counted is written when the server stops.
  expect(await server.stop()).toBe(0)
  await server.start()
  const [again] = await entries(server, admin, '?action=key_refused')
  expect(again?.details).toMatchObject({ repeats: '19' })
})

test('filters and cursors that are none are refused with a sentence', async () => {
  await using server = await startServerProcess()
  const headers = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  for (const query of ['action=dance', 'outcome=maybe', 'from=yesterday', 'limit=0', 'limit=201', 'cursor=elsewhere']) {
    const { body } = await server.api('GET', `/api/v1/audit?${query}`, { headers })
    expect(body, query).toMatchObject({ status: 400, code: 'bad_request' })
  }
  const { body } = await server.api('GET', '/api/v1/audit/export?format=pdf', { headers })
  expect(body).toMatchObject({ status: 400 })
})

test('an export is a file whose cells no spreadsheet takes for a formula, and is itself on record', async () => {
  await using server = await startServerProcess()
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const names = ['=HYPERLINK("http://evil.example")', '+1', '-1', '@SUM(1)', 'quiet, "quoted"']
  for (const name of names) {
    const body = { email: `u${names.indexOf(name)}@example.org`, name, role: 'viewer', password }
    expect((await server.api('POST', '/api/v1/users', { headers: admin, body })).status).toBe(201)
  }
  const csv = await server.api('GET', '/api/v1/audit/export?action=user_create&actor=ada', { headers: admin })
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="carillon-audit-\d{4}-\d\d-\d\d\.csv"$/)
  const text = String(csv.body)
  for (const name of names.slice(0, 4)) expect(text).toContain(`'${name.replaceAll('"', '""')} <u`)
  expect(text).toContain('"quiet, ""quoted"" <u4@example.org>"')
  expect(text.trim().split('\n')).toHaveLength(1 + names.length)

  const lines = await server.api('GET', '/api/v1/audit/export?format=ndjson', { headers: admin })
  const all = String(lines.body).trim().split('\n')
  const parsed = all.map((line) => auditView.parse(JSON.parse(line)))
  expect(parsed.map(({ time }) => time).toSorted()).toEqual(parsed.map(({ time }) => time))
  expect(await entries(server, admin, '?action=audit_export')).toMatchObject([
    { details: { format: 'ndjson' } },
    { details: { format: 'csv', action: 'user_create', actor: 'ada' } },
  ])
  const key = { 'x-api-key': await createKey(server, ['publish']) }
  expect((await server.api('GET', '/api/v1/audit/export', { headers: key })).status).toBe(403)
})

test('the command line shows the record', async () => {
  await using server = await startServerProcess()
  await signIn(server, 'ada@example.org', 'admin')
  await createKey(server, ['publish'])
  const shown = await server.cli(['audit', '--since', '1h', '--action', 'user_create'])
  expect(shown).toMatchObject({
    code: 0,
    output: expect.stringMatching(
      /WHO .*\n.*server command line +user_create +ada <ada@example\.org> +done +127\.0\.0\.1/,
    ),
  })
  const keys = await server.cli(['audit', '--actor', 'command line', '--action', 'key_create', '--json'])
  expect(JSON.parse(keys.output)).toMatchObject([{ actor: { kind: 'local' }, details: { scopes: 'publish' } }])
  expect(await server.cli(['audit', '--since', 'yesterday'])).toMatchObject({
    code: 2,
    output: expect.stringMatching(/\[bad_time_span\]/),
  })
})

test('the command line writes the record to a file, also while no server runs', async () => {
  await using server = await startServerProcess()
  await createKey(server, ['publish'])
  await server.stop()
  const file = join(temporaryFolder(), 'audit.csv')
  const written = await server.cli(['audit', 'export', '-o', file, '--format', 'csv', '--action', 'key_create'])
  expect(written).toMatchObject({ code: 0, output: expect.stringMatching(/Wrote .*audit\.csv, .* kB\./) })
  expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(2)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  await writeFile(file, 'somebody’s own')
  const again = await server.cli(['audit', 'export', '-o', file])
  expect(again).toMatchObject({ code: 1, output: expect.stringMatching(/is there already.*--force.*\[file_exists\]/) })
  expect(await readFile(file, 'utf8')).toBe('somebody’s own')
  expect(await server.cli(['audit', 'export', '-o', file, '--force'])).toMatchObject({ code: 0 })
  expect(await readFile(file, 'utf8')).toMatch(/key_create/)
  const elsewhere = await server.cli(['audit', 'export', '-o', '/nonexistent/audit.csv'])
  expect(elsewhere).toMatchObject({
    code: 1,
    output: expect.stringMatching(/folder does not exist.*\[export_failed\]/),
  })
})

test('what several processes do is one record', async () => {
  await using server = await startServerProcess({ env: { CARILLON_PROCESSES: '2' } })
  const admin = bearer((await signIn(server, 'ada@example.org', 'admin')).token)
  const names = Array.from({ length: 12 }, (_, n) => `key-${n}`)
  // Each on a connection of its own, which goes to either process.
  const made = await Promise.all(
    names.map((name) =>
      server.api('POST', '/api/v1/keys', {
        headers: { ...admin, connection: 'close' },
        body: { name, scopes: ['publish'] },
      }),
    ),
  )
  expect(made.map(({ status }) => status)).toEqual(names.map(() => 201))
  const found = await entries(server, admin, '?action=key_create&limit=200')
  expect(found.map(({ target }) => target?.name).toSorted()).toEqual(names.toSorted())
  expect(new Set(found.map(({ id }) => id)).size).toBe(12)
})
