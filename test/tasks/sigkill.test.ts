import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { taskStates } from '#protocol/tasks.ts'
import { startTaskServer } from './tasks-rig.ts'

vi.setConfig({ testTimeout: 120_000 })

test('a task that runs when the server is killed runs again, and one that waits is not forgotten', async () => {
  const { server, submit, get, end } = await startTaskServer({}, { concurrency: 1 })
  const running = await submit('carillon.add', { x: 1, y: 2, seconds: 2 })
  const waiting = await submit('carillon.add', { x: 3, y: 4 })
  await expect.poll(async () => (await get(running.id)).state, { timeout: 20_000 }).toBe('running')
  await server.kill()
  await server.start()
  const again = await end(running.id)
  expect(again).toMatchObject({ state: 'succeeded', result: 3, tries: 2 })
  expect(again.events.map(({ kind }) => kind)).toEqual(['submitted', 'started', 'lost', 'started', 'succeeded'])
  expect(await end(waiting.id)).toMatchObject({ state: 'succeeded', result: 7, tries: 1 })
})

test('what is acknowledged early is not run twice', async () => {
  const once = `import { appendFileSync } from 'node:fs'
    import { setTimeout as pause } from 'node:timers/promises'
    export default ({ z, task }) => task({
      name: 'site.once', description: 'At most once.', arguments: z.object({ file: z.string() }), acknowledge: 'early',
      async run({ file }) { appendFileSync(file, 'ran '); await pause(60_000) },
    })`
  const { server, submit, end, folder } = await startTaskServer({ 'once.mjs': once })
  const file = join(folder, 'ran.txt')
  appendFileSync(file, '')
  const task = await submit('site.once', { file })
  await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 20_000 }).toBe('ran ')
  await server.kill()
  await server.start()
  expect(await end(task.id)).toMatchObject({ state: 'failed', error: { type: 'worker_lost' } })
  expect(readFileSync(file, 'utf8')).toBe('ran ')
})

test('of ten thousand tasks each has one final state, though the server is killed in the middle', {
  timeout: 300_000,
}, async () => {
  const { server, submit, get, count } = await startTaskServer({}, { concurrency: 2, per_owner: 20_000 })
  const accepted = new Set<string>()
  const total = 10_000
  let killing: Promise<void> | undefined
  async function submitSome(from: number, to: number): Promise<void> {
    for (let number = from; number < to; number++) {
      const id = `00000000-0000-4000-8000-${number.toString().padStart(12, '0')}`
      for (;;) {
        try {
          await submit('carillon.add', [number, 1], { id })
          accepted.add(id)
          break
        } catch {
          // The server is away: with the same id it is safe to send again.
          await killing
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      if (accepted.size >= total / 2) killing ??= server.kill().then(() => server.start())
    }
  }
  await Promise.all(Array.from({ length: 10 }, (_, part) => submitSome((part * total) / 10, ((part + 1) * total) / 10)))
  expect(server.kills).toBe(1)
  expect(accepted.size).toBe(total)
  await expect.poll(() => count('state=succeeded'), { timeout: 200_000, interval: 2_000 }).toBe(total)
  const others = taskStates.filter((state) => state !== 'succeeded')
  expect(await Promise.all(others.map((state) => count(`state=${state}`)))).toEqual(others.map(() => 0))
  const sample = [...accepted].filter((_, index) => index % 500 === 0)
  for (const id of sample) {
    const { result, events } = await get(id)
    expect(result).toBe(Number.parseInt(id.slice(-12), 10) + 1)
    expect(events.filter(({ kind }) => kind === 'succeeded')).toHaveLength(1)
  }
})
