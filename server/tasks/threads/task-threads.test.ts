import { describe, expect, test, vi } from 'vitest'
import { startThreads, taskModule } from './threads-fixture.ts'

// Processes and threads are started, some of which eat what there is.
vi.setConfig({ testTimeout: 60_000 })

const failedWith = (type: string, message: unknown = expect.any(String)) => ({
  kind: 'failed',
  error: { type, message },
})

describe('a task in a thread', () => {
  test('gets its arguments by name or by position, and answers JSON', async () => {
    await using started = await startThreads({})
    expect(await started.run('carillon.add', { x: 2, y: 3 })).toEqual({ kind: 'succeeded', result: '5' })
    expect(await started.run('carillon.add', [20, 22])).toEqual({ kind: 'succeeded', result: '42' })
    expect(await started.run('carillon.add', ['2', 3])).toMatchObject(
      failedWith('bad_arguments', expect.stringMatching(/^x: /)),
    )
    expect(await started.run('carillon.add', [1, 2, 0, 4])).toMatchObject(
      failedWith('bad_arguments', 'It takes at most 3 arguments (x, y, seconds), and 4 were given.'),
    )
    expect(await started.run('carillon.ad', {})).toMatchObject(failedWith('unknown_task'))
  })

  test('tells progress and logs, submits, and is told where to write files', async () => {
    await using started = await startThreads({
      'a.mjs': taskModule(
        'site.a',
        `context.progress(0.5, 'half'); context.log.info({ rows: 3 }, 'counted')
         const file = await context.file('a.csv', 'text/csv')
         let asked = ''
         try { await context.ask('fleet') } catch (error) { asked = error.code + ' ' + error.message }
         context.progress(7); context.progress(Number.NaN)
         return { file, child: await context.submit({ name: 'x' }), asked, try: context.try, name: context.name }`,
      ),
    })
    const outcome = await started.run('site.a')
    expect(outcome).toMatchObject({ kind: 'succeeded' })
    expect(JSON.parse((outcome as { result: string }).result)).toEqual({
      ...{ file: '/files/a.csv', child: 'id-of-x', asked: 'unknown Nobody knows fleet.', try: 1, name: 'site.a' },
    })
    expect(started.progress.at(0)).toEqual([0.5, 'half'])
    // What came within the time between two messages is told by the last of it.
    expect(started.progress.at(-1)).toEqual([null, null])
    expect(started.logged()).toContain('"rows":3,"msg":"counted"')
  })

  test('fails with what it has thrown, and says whether trying again is of use', async () => {
    await using started = await startThreads({
      'a.mjs': taskModule(
        'site.throws',
        `throw Object.assign(new TypeError('no such month'), { retry: context.try > 1 ? true : false })`,
      ),
      'b.mjs': taskModule('site.text', `throw 'a text'`),
    })
    expect(await started.run('site.throws')).toMatchObject({
      ...failedWith('TypeError', 'no such month'),
      isFinal: true,
      trace: expect.stringContaining('a.mjs'),
    })
    expect(await started.run('site.text')).toMatchObject({
      ...failedWith('Error', 'It threw something that is no error: a text'),
      isFinal: false,
    })
  })

  test('fails when its result is too large or no JSON, and says what to do', async () => {
    await using started = await startThreads(
      {
        'a.mjs': taskModule('site.large', `return 'x'.repeat(2000)`),
        'b.mjs': taskModule('site.round', 'const a = {}; a.a = a; return a'),
        'c.mjs': taskModule('site.function', 'return () => 1'),
        'd.mjs': taskModule('site.big', 'return 1n'),
        'e.mjs': taskModule('site.nothing', ''),
      },
      { max_result: 1024 },
    )
    expect(await started.run('site.large')).toMatchObject(
      failedWith('result_too_large', expect.stringContaining('context.file')),
    )
    expect(await started.run('site.round')).toMatchObject(failedWith('result_not_json'))
    expect(await started.run('site.function')).toMatchObject(failedWith('result_not_json'))
    expect(await started.run('site.big')).toMatchObject(failedWith('result_not_json'))
    expect(await started.run('site.nothing')).toEqual({ kind: 'succeeded', result: 'null' })
  })
})

describe('a task that does not end well', () => {
  test('has failed when it ends its thread or leaves an error uncaught, and the next one runs', async () => {
    await using started = await startThreads({
      'a.mjs': taskModule('site.exits', 'process.exit(0); await new Promise(() => {})'),
      'b.mjs': taskModule(
        'site.uncaught',
        `setTimeout(() => { throw new Error('late') }); await new Promise(() => {})`,
      ),
    })
    expect(await started.run('site.exits')).toMatchObject(
      failedWith('worker_exited', expect.stringContaining('code 0')),
    )
    expect(await started.run('site.uncaught')).toMatchObject(
      failedWith('worker_exited', expect.stringContaining('late')),
    )
    expect(await started.run('carillon.add', [1, 1])).toEqual({ kind: 'succeeded', result: '2' })
  })

  test('has failed when it needs more memory than a thread has', async () => {
    await using started = await startThreads(
      {
        'a.mjs': taskModule('site.eats', 'const all = []; for (;;) all.push(new Array(1000).fill(all.length))'),
        'b.mjs': taskModule('site.buffers', 'const all = []; for (;;) all.push(Buffer.alloc(5_000_000, 1))'),
      },
      { memory: 32 },
    )
    const tooMuch = failedWith('out_of_memory', expect.stringContaining('32 MiB'))
    expect(await started.run('site.eats')).toMatchObject(tooMuch)
    // Whoever ran beside it runs again, and does not fail.
    const outcomes = await Promise.all([started.run('site.buffers'), started.run('carillon.add', [1, 2, 1])])
    expect(outcomes).toMatchObject([tooMuch, { kind: 'succeeded', result: '3' }])
    expect(await started.run('carillon.add', [1, 1])).toEqual({ kind: 'succeeded', result: '2' })
  })

  test('is ended at its hard limit, even if it never lets go', async () => {
    await using started = await startThreads({ 'a.mjs': taskModule('site.never', 'for (;;);', 'hardLimit: 0.5,') })
    expect(await started.run('site.never')).toMatchObject({ ...failedWith('time_limit'), isFinal: true })
    expect(await started.run('carillon.add', [1, 1])).toEqual({ kind: 'succeeded', result: '2' })
  })

  test('is asked to end at its soft limit', async () => {
    await using started = await startThreads({
      'a.mjs': taskModule(
        'site.waits',
        `await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)))`,
      ),
      'b.mjs': taskModule(
        'site.sums-up',
        `await new Promise((resolve) => context.signal.addEventListener('abort', resolve)); return 'as far as it got'`,
      ),
    })
    const never = new AbortController().signal
    expect(await started.run('site.waits', {}, never, { softLimit: 0.1 })).toMatchObject({
      ...failedWith('time_limit', expect.stringContaining('0.1 seconds')),
      isFinal: false,
    })
    expect(await started.run('site.sums-up', {}, never, { softLimit: 0.1 })).toEqual({
      kind: 'succeeded',
      result: '"as far as it got"',
    })
  })

  test('is asked to end when it is cancelled, and ended when it does not', async () => {
    await using started = await startThreads({ 'a.mjs': taskModule('site.never', 'for (;;);') })
    const cancelling = new AbortController()
    const outcomes = Promise.all([
      started.run('carillon.add', { x: 1, y: 1, seconds: 50 }, cancelling.signal),
      started.run('site.never', {}, cancelling.signal),
    ])
    await expect.poll(() => started.progress.length, { timeout: 30_000 }).toBeGreaterThan(0)
    cancelling.abort('cancelled')
    expect(await outcomes).toEqual([
      { kind: 'aborted', reason: 'cancelled' },
      { kind: 'aborted', reason: 'cancelled' },
    ])
  })
})

describe('modules of a site', () => {
  test('are refused with what is wrong, and the others go on', async () => {
    await using started = await startThreads({
      'a.mjs': taskModule('site.a', 'return 1'),
      'b.mjs': taskModule('site.a', 'return 2'),
      'c.mjs': taskModule('carillon.mine', ''),
      'd.mjs': `throw new Error('not today')`,
      'e.mjs': 'export const nothing = 1',
      'f.mjs': `export default () => ({ name: 'site.f', description: 'x', arguments: {}, run() {} })`,
      'g.mjs': taskModule('site.g', '', `schedule: 'now and then',`),
      'h.mjs': 'export default (',
      'i.ts': taskModule('site.typed', 'const three: number = 3; return three'),
      '_shared.mjs': `throw new Error('never loaded')`,
      'notes.txt': 'nothing of ours',
    })
    const problems = Object.fromEntries(
      started.definitions.problems.map(({ path, problem }) => [path.slice(path.lastIndexOf('/') + 1), problem]),
    )
    expect(problems).toEqual({
      'b.mjs': 'site.a: there is a task of this name already.',
      'c.mjs': expect.stringContaining('the product'),
      'd.mjs': expect.stringContaining('not today'),
      'e.mjs': expect.stringContaining('export default ({ z, task })'),
      'f.mjs': expect.stringContaining('arguments'),
      'g.mjs': expect.stringContaining('cron expression'),
      'h.mjs': expect.stringContaining('cannot be loaded'),
    })
    expect(await started.run('site.a')).toEqual({ kind: 'succeeded', result: '1' })
    expect(await started.run('site.typed')).toEqual({ kind: 'succeeded', result: '3' })
  })

  test('of a folder that is not there leave the product its own', async () => {
    const { loadDefinitions } = await import('../definitions/load-definitions.ts')
    const { byName, problems } = await loadDefinitions('/nowhere/at/all')
    expect([...byName.keys()]).toContain('carillon.add')
    expect(problems).toEqual([{ path: '/nowhere/at/all', problem: 'the folder cannot be read (ENOENT)' }])
  })
})
