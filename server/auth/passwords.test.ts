import { expect, test } from 'vitest'
import { limitPasswords } from './passwords.ts'

/** Hashing that ends when it is told to. */
function heldPasswords() {
  const started: (() => void)[] = []
  const held = {
    hash: () => new Promise<string>((resolve) => started.push(() => resolve('done'))),
    verify: async () => true,
  }
  return { held, started }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('two passwords are worked on at a time, the others in the order in which they came', async () => {
  const { held, started } = heldPasswords()
  const passwords = limitPasswords(held, 2)
  const ended: number[] = []
  const all = [0, 1, 2, 3].map((n) => passwords.hash('x').then(() => ended.push(n)))
  expect(started).toHaveLength(2)
  started[0]?.()
  await settled()
  expect(started).toHaveLength(3)
  for (let next = 1; next < 4; next++) {
    started[next]?.()
    await settled()
  }
  await Promise.all(all)
  expect(ended).toEqual([0, 1, 2, 3])
})

test('a line of 64 is long enough; who comes then is asked to return', async () => {
  const { held, started } = heldPasswords()
  const passwords = limitPasswords(held, 2)
  const all = Array.from({ length: 66 }, () => passwords.hash('x'))
  await expect(passwords.hash('x')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 10 })
  for (let next = 0; next < 66; next++) {
    started[next]?.()
    await settled()
  }
  expect(await Promise.all(all)).toHaveLength(66)
  const late = passwords.hash('x')
  started[66]?.()
  expect(await late).toBe('done')
})

test('whoever has signed in from there before goes before strangers, and has a line of their own', async () => {
  const { held, started } = heldPasswords()
  const passwords = limitPasswords(held, 1)
  const ended: string[] = []
  const all = Array.from({ length: 33 }, (_, n) => passwords.hash('x').then(() => ended.push(`stranger ${n}`)))
  await expect(passwords.hash('x')).rejects.toMatchObject({ code: 'rate_limited' })
  all.push(passwords.hash('x', { isKnown: true }).then(() => ended.push('known')))
  for (let next = 0; next < 34; next++) {
    started[next]?.()
    await settled()
  }
  await Promise.all(all)
  expect(ended.slice(0, 3)).toEqual(['stranger 0', 'known', 'stranger 1'])
})

test('a failure gives its place to the next', async () => {
  let failures = 0
  const failing = {
    hash: async () => {
      failures += 1
      throw new Error('out of memory')
    },
    verify: async () => true,
  }
  const passwords = limitPasswords(failing, 2)
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => passwords.hash('x')))
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
  expect(failures).toBe(5)
})
