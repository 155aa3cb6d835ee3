import { expect, test } from 'vitest'
import { nameOfAgent } from './user-agent.ts'

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Chrome on Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    'Safari on macOS',
  ],
  ['carillon/0.1.0 (command line)', 'carillon 0.1.0'],
  ['curl/8.5.0', 'curl 8.5.0'],
  ['node', 'node'],
  ['', ''],
  ['  ', ''],
  ['Mozilla/5.0', ''],
  ['bell\u001b[31m\u202e', 'bell[31m'],
  ['x'.repeat(500), 'x'.repeat(60)],
])('%s is called %s', (userAgent, name) => {
  expect(nameOfAgent(userAgent)).toBe(name)
})
