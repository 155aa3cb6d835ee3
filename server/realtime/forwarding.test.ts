import { expect, test } from 'vitest'
import { createForwarding } from './forwarding.ts'

function start() {
  let now = 1_000
  const forwarding = createForwarding(() => now)
  return {
    ...forwarding,
    forward: (ms: number) => {
      now += ms
    },
    /** Asks for a client that is nowhere. */
    miss(address: string) {
      const mayAsk = forwarding.begin(address)
      if (mayAsk) forwarding.end(address, false)
      return mayAsk
    },
  }
}

const upTo = (count: number) => Array.from({ length: count })

test('whoever names clients that are nowhere may do so for a while, and again a minute later', () => {
  const { miss, begin, forward } = start()
  for (const _ of upTo(600)) expect(miss('192.0.2.7')).toBe(true)
  expect(miss('192.0.2.7')).toBe(false)
  expect(begin('192.0.2.8')).toBe(true)
  forward(60_000)
  expect(miss('192.0.2.7')).toBe(true)
})

test('requests for clients that are there have no such limit', () => {
  const { begin, end } = start()
  for (const _ of upTo(2_000)) {
    expect(begin('192.0.2.7')).toBe(true)
    end('192.0.2.7', true)
  }
})

test('of one address a hundred wait at a time, of all a thousand, and loopback is not counted by itself', () => {
  const { begin, end } = start()
  for (const _ of upTo(100)) expect(begin('2001:db8::1')).toBe(true)
  expect(begin('2001:db8::2')).toBe(false)
  end('2001:db8::1', true)
  expect(begin('2001:db8::2')).toBe(true)
  for (const _ of upTo(900)) expect(begin('127.0.0.1')).toBe(true)
  expect(begin('127.0.0.1')).toBe(false)
  expect(begin('192.0.2.7')).toBe(false)
})

test('more addresses than are remembered push the oldest out, and nothing is counted twice', () => {
  const { begin, end } = start()
  expect(begin('192.0.2.7')).toBe(true)
  for (let high = 0; high < 100; high++) {
    for (let low = 0; low < 101; low++) {
      const address = `10.0.${high}.${low}`
      expect(begin(address)).toBe(true)
      end(address, false)
    }
  }
  end('192.0.2.7', true)
  for (const _ of upTo(1_000)) expect(begin('127.0.0.1')).toBe(true)
  expect(begin('127.0.0.1')).toBe(false)
})
