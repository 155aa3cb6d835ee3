import { expect, test } from 'vitest'
import { bytesInWords, transportName } from './connection-words.ts'

test('sizes are short', () => {
  expect([0, 340, 12_345, 1_572_864].map(bytesInWords)).toEqual(['0', '340 bytes', '12 KiB', '1.5 MiB'])
})

test('a transport that is new to this page keeps its name', () => {
  expect(['websocket', 'uni_sse', 'webtransport'].map(transportName)).toEqual([
    'WebSocket',
    'SSE, one way',
    'webtransport',
  ])
})
