import { expect, test } from 'vitest'
import type { Config } from '#server/config/config.ts'
import { securityHeaders } from './security-headers.ts'

const files = { cert: 'a.pem', key: 'b.pem' }

test.each<[string, Partial<Config>, boolean]>([
  ['plain', { host: '127.0.0.1' }, false],
  ['TLS', { host: '0.0.0.0', tls: files }, true],
  ['TLS behind a name', { host: '0.0.0.0', tls: files, public_url: 'https://bells.example.org' }, true],
  ['a proxy that speaks TLS', { host: '127.0.0.1', public_url: 'https://bells.example.org' }, true],
  ['a proxy that does not', { host: '127.0.0.1', public_url: 'http://bells.example.org' }, false],
  ['TLS for this machine', { host: '127.0.0.1', tls: files }, false],
  ['TLS under the name localhost', { host: '0.0.0.0', tls: files, public_url: 'https://localhost:8750' }, false],
  ['a certificate of its own', { host: '192.0.2.7', tls: 'self-signed' }, false],
])('with %s browsers are told to stay on TLS, or are not', (_title, config, expected) => {
  const headers = securityHeaders({ tls: undefined, public_url: undefined, host: '127.0.0.1', ...config })
  expect('strict-transport-security' in headers).toBe(expected)
})
