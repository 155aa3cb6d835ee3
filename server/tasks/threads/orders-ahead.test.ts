import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { ordersAhead } from './messages.ts'
import { startThreads, taskModule } from './threads-fixture.ts'

// Processes and threads are started.
vi.setConfig({ testTimeout: 60_000 })

const some = Array.from({ length: ordersAhead - 1 }, (_, number) => number)
const sums = some.map((number) => ({ kind: 'succeeded', result: String(number + 1) }))
const aborted = { kind: 'aborted', reason: 'cancelled' }

/** Never lets go once its file is there, which it makes. */
const hog = (file: string) => `(await import('node:fs')).writeFileSync(${JSON.stringify(file)}, ''); for (;;);`

test('nothing waits behind one that takes long while another thread has nothing to do', async () => {
  await using started = await startThreads({ 'a.mjs': taskModule('site.never', 'for (;;);') })
  const cancelling = new AbortController()
  const never = started.run('site.never', {}, cancelling.signal)
  expect(await Promise.all(some.map((number) => started.run('carillon.add', [number, 1])))).toEqual(sums)
  cancelling.abort('cancelled')
  expect(await never).toEqual(aborted)
})

test('one that waits is cancelled at once and never begins, and the one before it goes on', async () => {
  const folder = temporaryFolder()
  const [begun, done, mark] = ['begun', 'done', 'mark'].map((name) => join(folder, name)) as [string, string, string]
  await using started = await startThreads(
    {
      'a.mjs': taskModule(
        'site.busy',
        `const fs = await import('node:fs'); fs.writeFileSync(${JSON.stringify(begun)}, '')
         while (!fs.existsSync(${JSON.stringify(done)})); return 'as it should'`,
      ),
      'b.mjs': taskModule('site.marks', `(await import('node:fs')).writeFileSync(${JSON.stringify(mark)}, '')`),
    },
    { concurrency: 1 },
  )
  const busy = started.run('site.busy')
  await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true)
  const cancelling = new AbortController()
  const waiting = started.run('site.marks', {}, cancelling.signal)
  const behind = started.run('carillon.add', [1, 1])
  cancelling.abort('cancelled')
  expect(await waiting).toEqual(aborted)
  writeFileSync(done, '')
  expect(await busy).toEqual({ kind: 'succeeded', result: '"as it should"' })
  expect(await behind).toEqual({ kind: 'succeeded', result: '2' })
  expect(existsSync(mark)).toBe(false)
})

test('a thread that ends gives back what it had not begun', async () => {
  const begun = join(temporaryFolder(), 'begun')
  await using started = await startThreads(
    {
      'a.mjs': taskModule('site.exits', 'process.exit(3)'),
      'b.mjs': taskModule('site.never', 'for (;;);', 'hardLimit: 0.5,'),
      'c.mjs': taskModule('site.cancelled', hog(begun)),
    },
    { concurrency: 1 },
  )
  const cancelling = new AbortController()
  const exits = started.run('site.exits')
  const never = started.run('site.never')
  const cancelled = started.run('site.cancelled', {}, cancelling.signal)
  const behind = Promise.all(some.map((number) => started.run('carillon.add', [number, 1])))
  expect(await exits).toMatchObject({ kind: 'failed', error: { type: 'worker_exited' } })
  expect(await never).toMatchObject({ kind: 'failed', error: { type: 'time_limit' } })
  await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true)
  cancelling.abort('cancelled')
  expect(await cancelled).toEqual(aborted)
  expect(await behind).toEqual(sums)
})

test('limits count from when a task begins, not from when its thread has it', async () => {
  const busy = 'const until = Date.now() + 250; while (Date.now() < until); return 1'
  await using started = await startThreads(
    { 'a.mjs': taskModule('site.busy', busy, 'hardLimit: 2, softLimit: 2,') },
    { concurrency: 1 },
  )
  await started.run('carillon.add', [1, 1])
  const outcomes = await Promise.all(some.map(() => started.run('site.busy')))
  expect(outcomes).toEqual(some.map(() => ({ kind: 'succeeded', result: '1' })))
})

test('long arguments do not wait in the memory of a thread', async () => {
  await using started = await startThreads(
    { 'a.mjs': taskModule('site.length', 'return args.text.length', '').replace('n: z.number()', 'text: z.string()') },
    { concurrency: 1, memory: 32 },
  )
  const text = 'x'.repeat(4 * 1024 * 1024)
  const outcomes = await Promise.all(some.map(() => started.run('site.length', { text })))
  expect(outcomes).toEqual(some.map(() => ({ kind: 'succeeded', result: String(text.length) })))
  expect(started.logged()).not.toContain('runs again by itself')
})
