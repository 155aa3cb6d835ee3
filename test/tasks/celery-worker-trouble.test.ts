import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PythonClient, startPythonClient } from '../support/celery/python-client.ts'
import { startWorker } from '../support/celery/worker-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { runCarillon } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describeWith(['rabbitmq', 'celery'], 'a worker in trouble', () => {
  let rabbit: RabbitMqOfTest
  /** Its results come to its own queue. */
  let python: PythonClient
  beforeAll(async () => {
    rabbit = await startRabbitMq()
    python = startPythonClient({ broker: rabbit.url, backend: 'rpc://' })
  })
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]()
    await rabbit?.[Symbol.asyncDispose]()
  })
  /** Each test has a queue of its own. */
  const start = (queue: string, name: string, more: { tasks?: Record<string, unknown>; args?: string[] } = {}) =>
    startWorker({
      ...{ broker: rabbit.url, name, tasks: { concurrency: 1, ...more.tasks } },
      args: ['--queues', queue, ...(more.args ?? [])],
    })
  const send = (queue: string, task: string, args: readonly unknown[], options = '') =>
    python.run(`
      result = app.send_task("${task}", ${JSON.stringify(args)}, queue="${queue}"${options})
      value = result.id`)
  const waiting = async (queue: string) => {
    const listed = await rabbit.ctl('list_queues', 'name', 'messages_ready')
    return Number(new RegExp(`^${queue}\\t(\\d+)$`, 'm').exec(listed)?.[1])
  }

  test('without Redis results go to the queue of whoever waits', async () => {
    await using _ = await start('rpc', 'rpc')
    const seen = await python.run(`
      seen = []
      result = send("js.steps", queue="rpc")
      got = result.get(timeout=20, on_message=lambda message: seen.append(message["status"]))
      failed = raised(send("js.fail", "own", queue="rpc"))
      nobody = raised(send("js.nobody", queue="rpc"))
      flaky = send("js.flaky", 1, queue="rpc").get(timeout=20)
      value = [got, seen, failed, nobody, flaky]`)
    expect(seen).toEqual([
      'done',
      ['STARTED', 'PROGRESS', 'SUCCESS'],
      ['PaperJam', 'celery.exceptions', ['tray 2', 7]],
      ['NotRegistered', 'celery.exceptions', ['js.nobody']],
      2,
    ])
  })

  test('killed, it leaves its task to another, unless that was acknowledged when it began', async () => {
    const queue = randomUUID()
    const folder = temporaryFolder()
    const [late, early] = [join(folder, 'late'), join(folder, 'early')]
    for (const [task, file] of [
      ['js.hold_early', early],
      ['js.hold_late', late],
    ] as const) {
      await using first = await start(queue, 'first')
      await send(queue, task, [file])
      await expect.poll(() => lines(file)).toEqual(['begin'])
      process.kill(first.pid, 'SIGKILL')
      await first.exited
    }
    await using _ = await start(queue, 'second')
    await expect.poll(() => lines(late), { timeout: 20_000 }).toEqual(['begin', 'begin'])
    const active = await python.run(`
      [running] = app.control.inspect(timeout=5).active().values()
      value = [one["delivery_info"]["redelivered"] for one in running]`)
    expect(active).toEqual([true])
    writeFileSync(`${late}.go`, '')
    expect(await python.run('value = result.get(timeout=20)')).toBe('held')
    expect(lines(early)).toEqual(['begin'])
    expect(await waiting(queue)).toBe(0)
  })

  test('asked to end, it finishes what runs and hands back the rest', async () => {
    const queue = randomUUID()
    const file = join(temporaryFolder(), 'held')
    await using worker = await start(queue, 'asked')
    for (let n = 0; n < 2; n += 1) await send(queue, 'js.add', [n, n], ', countdown=60')
    await send(queue, 'js.hold_late', [file])
    await python.run('held = result')
    await expect.poll(() => lines(file)).toEqual(['begin'])
    for (let n = 0; n < 3; n += 1) await send(queue, 'js.add', [n, n])
    await expect.poll(() => waiting(queue)).toBe(0)
    process.kill(worker.pid, 'SIGTERM')
    await expect.poll(() => waiting(queue)).toBe(5)
    writeFileSync(`${file}.go`, '')
    expect(await worker.exited).toBe(0)
    expect(await python.run('value = held.get(timeout=20)')).toBe('held')
    expect(await waiting(queue)).toBe(5)
  })

  test('asked twice, it ends at once, and what ran goes back', async () => {
    const queue = randomUUID()
    const file = join(temporaryFolder(), 'held')
    await using worker = await start(queue, 'twice')
    await send(queue, 'js.hold_late', [file])
    await expect.poll(() => lines(file)).toEqual(['begin'])
    process.kill(worker.pid, 'SIGTERM')
    await worker.waitFor(/finishing what runs/)
    process.kill(worker.pid, 'SIGTERM')
    expect(await worker.exited).toBe(130)
    await expect.poll(() => waiting(queue)).toBe(1)
  })

  test('a queue that somebody has made otherwise is used as it is, and the difference is told', async () => {
    const queue = randomUUID()
    await python.run(`
      with app.connection_for_write() as connection:
          connection.default_channel.queue_declare("${queue}", durable=True, auto_delete=False, arguments={"x-max-length": 500})`)
    await using worker = await start(queue, 'other')
    expect(await python.run(`value = send("js.add", 1, 2, queue=as_it_is("${queue}")).get(timeout=20)`)).toBe(3)
    await expect.poll(worker.output).toMatch(/another x-max-length: 500 instead of none/)
  })

  test('a quorum queue is consumed, and what is refused goes to its dead letters', async () => {
    const [queue, dead] = [randomUUID(), randomUUID()]
    const safe = { name: queue, type: 'quorum', delivery_limit: 2, dead_letter: dead }
    await using worker = await start(queue, 'safe', { tasks: { celery: { queues: [safe] } } })
    await python.run(`safe = lambda name, *args, **options: send(name, *args, queue=as_it_is("${queue}"), **options)`)
    expect(await python.run('value = safe("js.add", 1, 2).get(timeout=20)')).toBe(3)
    // Put aside, as the prefetch of such a queue cannot be raised.
    expect(await python.run('value = safe("js.add", 2, 2, countdown=3).get(timeout=20)')).toBe(4)
    expect(await rabbit.ctl('list_queues', 'name')).toMatch(/carillon\.delay\.\d\./)
    expect(await python.run('value = raised(safe("js.nobody"))')).toEqual([
      'NotRegistered',
      'celery.exceptions',
      ['js.nobody'],
    ])
    await expect.poll(() => waiting(dead)).toBe(1)
    expect(await rabbit.ctl('list_queues', 'name', 'type', 'arguments')).toMatch(
      new RegExp(`${queue}\\tquorum.*x-delivery-limit`),
    )
    expect(worker.output()).not.toMatch(/RabbitMQ is away/)

    // One that every worker gives back, as if each had died of it.
    process.kill(worker.pid, 'SIGTERM')
    expect(await worker.exited).toBe(0)
    const reasons = await python.run(`
      safe("js.add", 1, 2)
      with app.connection_for_write() as connection:
          channel = connection.default_channel
          def taken(queue):
              message = None
              while message is None:
                  message = channel.basic_get(queue)
              return message
          for _ in range(3):
              channel.basic_reject(taken("${queue}").delivery_tag, requeue=True)
          value = [taken("${dead}").headers["x-death"][0]["reason"] for _ in range(2)]`)
    expect(reasons).toEqual(['rejected', 'delivery_limit'])
  })

  test('of tasks with priorities the highest is begun first', async () => {
    const queue = randomUUID()
    const file = join(temporaryFolder(), 'order')
    await python.run(`
      with app.connection_for_write() as connection:
          connection.default_channel.queue_declare("${queue}", durable=True, auto_delete=False, arguments={"x-max-priority": 10})
      for priority in [None, 1, 9, 0, 10, 5]:
          last = app.send_task("js.mark", ["${file}", str(priority)], queue=as_it_is("${queue}"), priority=priority)`)
    const ranked = { name: queue, max_priority: 10 }
    await using _ = await start(queue, 'ranked', { tasks: { celery: { queues: [ranked] } } })
    await expect.poll(() => lines(file).length, { timeout: 20_000 }).toBe(6)
    expect(lines(file)).toEqual(['10', '9', '5', '1', 'None', '0'])
  })

  test('wrong words are told, and nothing is begun', async () => {
    const env = { AMQP_URL: rabbit.url }
    const results = await Promise.all([
      runCarillon(['worker']),
      runCarillon(['worker', '--queues', 'a b', '--json'], { env }),
      runCarillon(['worker', '--concurrency', '0'], { env }),
      runCarillon(['worker', '--help']),
    ])
    expect(results.map(({ code }) => code)).toEqual([1, 2, 2, 0])
    expect(results[0]?.output).toMatch(/Set AMQP_URL/)
    expect(results[1]?.output).toMatch(/"code":"bad_queue"/)
    expect(results[3]?.output).toMatch(/Examples:\n {2}AMQP_URL=/)
  })
})

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
