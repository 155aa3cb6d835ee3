import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { carillon, createKey, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const add = ['task', 'submit', 'carillon.add', '--arg', 'x=2', '--arg', 'y=3']
const unknown = '0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a59'

/** With a task of the site that fails. */
async function start() {
  const folder = temporaryFolder()
  await writeFile(
    join(folder, 'fails.mjs'),
    `export default ({ z, task }) => task({
      name: 'site.fails', description: 'Fails.', arguments: z.object({}),
      run() { throw new TypeError('There is no paper.') },
    })`,
  )
  const config = join(temporaryFolder(), 'carillon.config.json')
  await writeFile(config, JSON.stringify({ tasks: { folder } }))
  return startServerProcess({ config })
}

test('submit prints an id, or waits and prints the result; with --json all of it', async () => {
  await using server = await start()
  expect(await server.cli(add)).toEqual({
    code: 0,
    output: expect.stringMatching(/^Submitted carillon\.add\. .* [\da-f-]{36} --wait\n$/),
  })
  expect(await server.cli([...add, '--wait'])).toEqual({ code: 0, output: '5\n' })
  const { code, output } = await server.cli([...add.slice(0, 3), '--arg', '[4, 5]', '--wait', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(output)).toMatchObject({ name: 'carillon.add', state: 'succeeded', result: 9, args: [4, 5] })
})

test('the examples of its help are tasks that can be submitted', async () => {
  await using server = await start()
  const { output } = await server.cli(['task', 'submit', '--help'])
  const examples = output.match(/(?<=^ +carillon )task submit .+$/gm) ?? []
  expect(examples).toHaveLength(3)
  for (const example of examples) {
    const words = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    expect([example, await server.cli(words)]).toEqual([example, { code: 0, output: expect.any(String) }])
  }
})

test('a task that fails ends the command with 1 and says why', async () => {
  await using server = await start()
  expect(await server.cli(['task', 'submit', 'site.fails', '--wait'])).toEqual({
    ...{ code: 1, output: 'carillon: The task has failed: TypeError: There is no paper. [task_failed]\n' },
  })
  const { code, output } = await server.cli(['task', 'submit', 'site.fails', '--wait', '--json'])
  expect(code).toBe(1)
  const { id, error } = JSON.parse(output)
  expect(error).toEqual({ type: 'TypeError', message: 'There is no paper.' })
  expect(await server.cli(['task', 'status', id])).toEqual({ code: 1, output: expect.stringMatching(/state +failed/) })
})

test('what waits is cancelled, and run again as another task', async () => {
  await using server = await start()
  const { id } = JSON.parse((await server.cli([...add, '--countdown', '1h', '--json'])).output)
  expect(await server.cli(['task', 'status', id])).toEqual({ code: 0, output: expect.stringMatching(/state +waiting/) })
  expect(await server.cli(['task', 'retry', id])).toMatchObject({
    code: 1,
    output: expect.stringContaining('[task_not_ended]'),
  })
  expect(await server.cli(['task', 'cancel', id])).toEqual({ code: 0, output: 'Cancelled carillon.add.\n' })
  expect(await server.cli(['task', 'cancel', id])).toMatchObject({
    code: 1,
    output: expect.stringContaining('[task_ended]'),
  })
  const again = JSON.parse((await server.cli(['task', 'retry', id, '--json'])).output)
  expect(await server.cli(['task', 'status', again.id, '--wait'])).toEqual({ code: 0, output: '5\n' })
  const list = await server.cli(['task', 'list', '--state', 'cancelled', '--name', 'carillon.*', '--json'])
  expect(JSON.parse(list.output)).toMatchObject([{ id, state: 'cancelled' }])
})

test('the same id twice is one task', async () => {
  await using server = await start()
  for (const _ of [1, 2])
    expect(await server.cli([...add, '--id', unknown, '--wait'])).toEqual({ code: 0, output: '5\n' })
  expect(JSON.parse((await server.cli(['task', 'list', '--json'])).output)).toHaveLength(1)
})

test('definitions say what there is, and an unknown name brings the nearest', async () => {
  await using server = await start()
  const { output } = await server.cli(['task', 'definitions'])
  expect(output).toMatch(/^carillon\.add +x,y,seconds +celery +- +Adds two numbers/m)
  expect(output).toMatch(/^site\.fails /m)
  expect(await server.cli(['task', 'submit', 'carillon.ad'])).toEqual({
    ...{ code: 1, output: expect.stringMatching(/carillon\.add.*\[unknown_task\]\n$/) },
  })
  expect(await server.cli(['task', 'submit', 'carillon.add', '--arg', 'x=two'])).toEqual({
    ...{ code: 1, output: expect.stringMatching(/\by\b.*\[bad_arguments\]\n$/) },
  })
})

test.each([
  [['task', 'status', 'seven']],
  [['task', 'submit', 'carillon.add', '--arg', 'x']],
  [['task', 'submit', 'carillon.add', '--eta', 'noon']],
  [['task', 'submit', 'carillon.add', '--countdown', 'soon']],
  [['task', 'submit', 'carillon.add', '--priority', '10']],
  [['task', 'list', '--state', 'lost']],
  [['task', 'list', '--limit', '0']],
])('%j is wrong usage', async (args) => {
  const { code, output } = await runAlone(args)
  expect({ code, output }).toEqual({ code: 2, output: expect.stringMatching(/\[\w+\]\n$/) })
})

test('whoever waits goes on waiting when the server is killed, and gets the result once it is back', async () => {
  await using server = await start()
  const key = await createKey(server, ['tasks'])
  const args = [carillon, ...add, '--arg', 'seconds=4', '--wait', '--url', server.url]
  await using waiting = startChild(process.execPath, args, { env: { ...process.env, CARILLON_KEY: key } })
  await vi.waitFor(
    async () =>
      expect(JSON.parse((await server.cli(['task', 'list', '--json'])).output)).toMatchObject([{ state: 'running' }]),
    { timeout: 20_000, interval: 500 },
  )
  await server.kill()
  await server.start()
  expect(await waiting.exited).toBe(0)
  expect(waiting.output()).toBe('5\n')
})

test('whoever stops waiting leaves the task alone', async () => {
  await using server = await start()
  const args = [carillon, ...add, '--arg', 'seconds=3', '--id', unknown, '--wait', '--data', server.data]
  await using waiting = startChild(process.execPath, args)
  await vi.waitFor(
    async () =>
      expect(JSON.parse((await server.cli(['task', 'list', '--json'])).output)).toMatchObject([{ state: 'running' }]),
    { timeout: 20_000, interval: 500 },
  )
  process.kill(waiting.pid, 'SIGINT')
  expect(await waiting.exited).toBe(1)
  expect(waiting.output()).toMatch(/The task goes on\. .*\[interrupted\]/)
  expect(await server.cli(['task', 'status', unknown, '--wait'])).toEqual({ code: 0, output: '5\n' })
})

async function runAlone(args: readonly string[]) {
  await using child = startChild(process.execPath, [carillon, ...args])
  const code = await child.exited
  return { code, output: child.output() }
}
