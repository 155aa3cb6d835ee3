import { expect, test } from 'vitest'
import { describeRedis, redisUrl } from './redis-target.ts'

test.each([
  ['redis://localhost', { kind: 'single', address: { host: 'localhost', port: 6379 }, db: 0, tls: false }],
  ['rediss://[::1]:7000/2', { kind: 'single', address: { host: '::1', port: 7000 }, db: 2, tls: true }],
  ['redis://:p%40ss@h:1', { kind: 'single', address: { host: 'h', port: 1 }, db: 0, tls: false, password: 'p@ss' }],
  ['redis://ada:b@h/', { kind: 'single', username: 'ada', password: 'b', db: 0, tls: false }],
  [
    'redis+sentinel://a,b:5/bells',
    {
      kind: 'sentinel',
      name: 'bells',
      addresses: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 5 },
      ],
    },
  ],
  ['rediss+cluster://a:1,b:2', { kind: 'cluster', tls: true, addresses: [{ port: 1 }, { port: 2 }] }],
])('%s is read', (text, target) => {
  expect(redisUrl.parse(text)).toMatchObject(target)
})

test.each([
  '',
  'localhost:6379',
  'http://localhost',
  'redis://',
  'redis://h:0',
  'redis://h:99999',
  'redis://h/first',
  'redis://a,b',
  'redis+sentinel://a',
  'redis+cluster://a/1',
  'redis://h:1?x=1',
])('%j is refused with the forms there are', (text) => {
  expect(redisUrl.safeParse(text).error?.issues[0]?.message).toMatch(/^This is no address of a Redis\. Write redis:/)
})

test('what people are told has no password in it', () => {
  const told = describeRedis(redisUrl.parse('redis://ada:secret@h:1/2'))
  expect(told).toBe('h:1')
})
