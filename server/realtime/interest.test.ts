import { expect, test } from 'vitest'
import { createInterest } from './interest.ts'

test('the broker is asked for the first subscriber and told when the last has gone', async () => {
  const { interest, told } = rig(() => Promise.resolve())
  await Promise.all([interest.acquire('a'), interest.acquire('a')])
  interest.release('a')
  expect(told).toEqual(['subscribe a'])
  interest.release('a')
  expect(told).toEqual(['subscribe a', 'unsubscribe a'])
})

test('what failed counts nothing, is taken back once, and is asked for anew', async () => {
  const outcomes = [Promise.reject(new Error('too late')), Promise.resolve()]
  const { interest, told } = rig(() => outcomes.shift() ?? Promise.resolve())
  const both = await Promise.allSettled([interest.acquire('a'), interest.acquire('a')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(told).toEqual(['subscribe a', 'unsubscribe a'])
  await interest.acquire('a')
  interest.release('a')
  expect(told).toEqual(['subscribe a', 'unsubscribe a', 'subscribe a', 'unsubscribe a'])
})

function rig(subscribe: () => Promise<void>) {
  const told: string[] = []
  const interest = createInterest({
    subscribe(channel) {
      told.push(`subscribe ${channel}`)
      return subscribe()
    },
    unsubscribe: (channel) => void told.push(`unsubscribe ${channel}`),
  })
  return { interest, told }
}
