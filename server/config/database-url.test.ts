import { expect, test } from 'vitest'
import { databaseUrl, describePostgres } from './postgres-target.ts'

test.each([
  ['postgres://localhost/carillon', { host: 'localhost', port: 5432, database: 'carillon', tls: 'disable' }],
  ['postgresql://ada:p%40s:s@[::1]:7000/bells', { host: '::1', port: 7000, user: 'ada', password: 'p@s:s' }],
  ['postgres://ada@/bells?host=/run/postgresql', { host: '/run/postgresql', port: 5432, user: 'ada' }],
  ['postgres://ada@:6000/bells?host=/run', { host: '/run', port: 6000 }],
  ['postgres://h/b?sslmode=verify-full&sslrootcert=/ca.pem', { tls: 'verify-full', rootCertificate: '/ca.pem' }],
])('%s is read', (text, target) => {
  expect(databaseUrl.parse(text)).toMatchObject(target)
})

test.each([
  '',
  'localhost/carillon',
  'mysql://localhost/carillon',
  'postgres://localhost',
  'postgres://localhost/',
  'postgres:///carillon',
  'postgres://h:0/b',
  'postgres://h:99999/b',
  'postgres://h/b?sslmode=perhaps',
  'postgres://h/b?max=9999',
  'postgres://h/b?host=/run',
])('%j is refused with the forms there are', (text) => {
  expect(databaseUrl.safeParse(text).error?.issues[0]?.message).toMatch(/^This is no address of a PostgreSQL\. Write/)
})

test('people are told where it is and not how to get in', () => {
  expect(describePostgres(databaseUrl.parse('postgres://ada:hush@db.local/bells'))).toBe('bells at db.local:5432')
})
