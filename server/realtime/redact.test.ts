import { expect, test } from 'vitest'
import { redact } from './redact.ts'

const jwt = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl'
const secrets = ['tkt_abc123', 'crl_abc123', jwt, 'hunter2']

test.each([
  {
    id: 1,
    connect: { token: jwt, name: 'js', headers: { authorization: 'Bearer hunter2' }, data: { password: 'hunter2' } },
  },
  { id: 1, connect: { token: 'tkt_abc123' } },
  { id: 1, connect: { client: 'c', session: 'hunter2', node: 'n' } },
  { id: 2, refresh: { token: 'hunter2' } },
  { id: 2, sub_refresh: { channel: 'news:a', token: jwt } },
  { id: 3, subscribe: { channel: 'news:a', token: jwt } },
  { id: 4, rpc: { method: 'open', data: { deep: [{ apiKey: 'hunter2' }, 'tkt_abc123'], 'X-Api-Key': 'crl_abc123' } } },
  { id: 4, rpc: { data: jwt } },
  { id: 4, rpc: { data: `wss://bells.example.org/connection/websocket?ticket=tkt_abc123` } },
  {
    id: 5,
    publish: { channel: 'news:a', data: { log: `{ "Authorization: Bearer hunter2" with ${jwt} or crl_abc123` } },
  },
  { push: { channel: 'news:a', pub: { data: `{"ticket":"tkt_abc123"}` } } },
  { push: { channel: 'news:a', pub: { data: `1A\n1A:"token":"hunter2"`, delta: true } } },
])('what opens doors is left out of %j', (message) => {
  const text = redact(JSON.stringify(message))
  for (const secret of secrets) expect(text).not.toContain(secret)
})

test('everything else stays as it is', () => {
  const line = '{"id":3,"subscribe":{"channel":"news:general","recover":true,"offset":17,"epoch":"abcd"}}'
  expect(redact(line)).toBe(line)
  expect(redact('{}')).toBe('{}')
  expect(redact('{"push":{"pub":{"data":"[not JSON"}}}')).toBe('{"push":{"pub":{"data":"[not JSON"}}}')
})

test('what is not JSON is not shown', () => {
  expect(redact('token=hunter2')).toBe('(13 characters that are not JSON)')
})

test('what is long is cut, and says how long it was', () => {
  const text = redact(JSON.stringify({ data: 'x'.repeat(60_000) }))
  expect(text.length).toBeLessThan(4_200)
  expect(text).toMatch(/… \(60011 characters\)$/)
})

test('what looks like tokens without end costs nothing', () => {
  const text = JSON.stringify({
    data: ['eyJ-'.repeat(250_000), 'eyJaaaaaaaaa.'.repeat(80_000), 'bearer '.repeat(150_000)],
  })
  const started = performance.now()
  redact(text)
  expect(performance.now() - started).toBeLessThan(1_000)
})

test('what is nested without end costs nothing', () => {
  expect(redact(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)).toContain('nested too deeply')
})
