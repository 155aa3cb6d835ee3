import { readdirSync, readFileSync } from 'node:fs'
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { expect, test } from 'vitest'
import { createPasswordThreads } from './password-threads.ts'

test('what is stored is what better-auth stores, in either direction', async () => {
  await using threads = createPasswordThreads()
  const [ours, theirs] = await Promise.all([threads.hash('caf\u00e9 au lait'), hashPassword('caf\u00e9 au lait')])
  expect(ours).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/)
  expect(await verifyPassword({ hash: ours, password: 'cafe\u0301 au lait' })).toBe(true)
  expect(await threads.verify({ hash: theirs, password: 'cafe\u0301 au lait' })).toBe(true)
  expect(await threads.verify({ hash: theirs, password: 'cafe au lait' })).toBe(false)
  expect(await threads.verify({ hash: 'nonsense', password: 'cafe au lait' })).toBe(false)
})

test.runIf(process.platform === 'linux')(
  'a thread that works on passwords stands back, and no other does',
  async () => {
    const before = niceness()
    await using threads = createPasswordThreads()
    await threads.hash('correct horse battery')
    const standingBack = niceness().filter((each) => each >= 5)
    expect(standingBack.length - before.filter((each) => each >= 5).length).toBe(1)
  },
)

test('whoever waits for a thread that ends is told, and the next question is answered by another', async () => {
  const threads = createPasswordThreads()
  await threads.hash('correct horse battery')
  const waiting = threads.hash('correct horse battery')
  const refused = expect(waiting).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 })
  await threads[Symbol.asyncDispose]()
  await refused
  expect(await threads.hash('correct horse battery')).toMatch(/:/)
  await threads[Symbol.asyncDispose]()
})

/** How far each thread of this process stands back (proc(5), field 19 of stat). */
function niceness(): number[] {
  return readdirSync('/proc/self/task').map((id) => {
    const fields = readFileSync(`/proc/self/task/${id}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[16])
  })
}
