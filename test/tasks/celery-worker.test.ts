import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PythonClient, startPythonClient } from '../support/celery/python-client.ts'
import { startWorker } from '../support/celery/worker-program.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describeWith(['rabbitmq', 'redis', 'celery'], 'what a client in Python sends to our worker', () => {
  let rabbit: RabbitMqOfTest
  let redis: RedisServerOfTest
  let worker: ChildProgram
  /** Reads results from Redis, and from its own queue. */
  let python: PythonClient
  beforeAll(async () => {
    ;[rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()])
    python = startPythonClient({ broker: rabbit.url, backend: redis.url })
    // Whoever comes first declares the queue: here it is Python.
    await python.run(`early = send("js.add", 1, 1)`)
    worker = await startWorker({
      broker: rabbit.url,
      redis: redis.url,
      name: 'ours',
      tasks: { celery: { prefetch: 4 } },
    })
  })
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]()
    await worker?.[Symbol.asyncDispose]()
    await Promise.all([rabbit?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  test('runs on the default queue, whoever has declared it, and its result comes back', async () => {
    expect(await python.run('value = early.get(timeout=20)')).toBe(2)
    expect(await python.run('value = app.send_task("js.add", [2], {"y": 3}).get(timeout=20)')).toBe(5)
    expect(await python.run('value = send("js.echo", {"a": ["ä☃", None, 1.5]}).get(timeout=20)')).toEqual({
      a: ['ä☃', null, 1.5],
    })
    expect(worker.output()).not.toMatch(/has it otherwise/)
  })

  test('raises in Python what it has thrown', async () => {
    expect(await python.run('value = raised(send("js.fail", "python"))')).toEqual([
      ...['ValueError', 'builtins'],
      ['bad ☃', 1],
    ])
    expect(await python.run('value = raised(send("js.fail", "own"))')).toEqual([
      ...['PaperJam', 'celery.exceptions'],
      ['tray 2', 7],
    ])
    expect(await python.run('value = raised(send("js.add", "x"))')).toEqual([
      ...['TypeError', 'builtins'],
      ['x: Give a number.; y: Give this: a number.'],
    ])
    expect(await python.run('value = raised(send("js.nobody"))')).toEqual([
      ...['NotRegistered', 'celery.exceptions'],
      ['js.nobody'],
    ])
  })

  test('tells that it has started and how far it is', async () => {
    const seen = await python.run(`
      seen = []
      result = send("js.steps")
      result.get(timeout=20, on_message=lambda message: seen.append([message["status"], message["result"]]))
      value = seen`)
    expect(seen).toEqual([
      ['STARTED', { pid: expect.any(Number), hostname: expect.stringMatching(/^ours@/) }],
      ['PROGRESS', { current: 0.5, total: 1, note: 'half' }],
      ['SUCCESS', 'done'],
    ])
  })

  test('begins not before its time, in whatever zone that is given', async () => {
    const late = await python.run(`
      now = datetime.now(timezone.utc)
      at = now + timedelta(seconds=1)
      zone = timezone(timedelta(hours=5, minutes=30))
      started = time.time()
      sent = [
          send("js.echo", "naive", eta=at.replace(tzinfo=None)),
          send("js.echo", "utc", eta=at),
          send("js.echo", "zone", eta=at.astimezone(zone)),
          send("js.echo", "countdown", countdown=1),
          send("js.echo", "literal", eta=(at + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")),
      ]
      values = [one.get(timeout=20) for one in sent]
      value = [values, time.time() - started]`)
    const [values, seconds] = late as [string[], number]
    expect(values).toEqual(['naive', 'utc', 'zone', 'countdown', 'literal'])
    expect(seconds).toBeGreaterThan(0.95)
  })

  test('is revoked when it would begin after it has expired', async () => {
    expect(await python.run('value = raised(send("js.echo", 1, countdown=2, expires=1))')).toEqual([
      ...['TaskRevokedError', 'celery.exceptions'],
      ['expired'],
    ])
  })

  test('does not hold up others while it waits for its time', async () => {
    const prefetchOf = `app.control.inspect(timeout=2).stats()["ours@" + __import__("socket").gethostname()]["prefetch_count"]`
    const [took, waiting, before, during] = (await python.run(`
      before = ${prefetchOf}
      etas = [send("js.echo", n, countdown=6) for n in range(40)]
      deadline = time.time() + 5
      inspect = app.control.inspect(timeout=1)
      while time.time() < deadline:
          waiting = len(list((inspect.scheduled() or {"": []}).values())[0])
          if waiting == 40: break
      during = ${prefetchOf}
      started = time.time()
      send("js.add", 1, 1).get(timeout=20)
      value = [time.time() - started, waiting, before, during]`)) as number[]
    expect(waiting).toBe(40)
    expect(took).toBeLessThan(2)
    expect([before, during]).toEqual([8, 48])
    const after = await python.run(`
      [one.get(timeout=20) for one in etas]
      value = ${prefetchOf}`)
    expect(after).toBe(8)
  })

  test('stores nothing where its result is ignored', async () => {
    const stored = await python.run(`
      ignored = send("js.echo", 1, ignore_result=True)
      failed = send("js.fail", "own", ignore_result=True)
      send("js.add", 1, 1).get(timeout=20)
      send("js.add", 1, 1).get(timeout=20)
      value = [app.backend.client.get("celery-task-meta-" + one.id) for one in (ignored, failed)]`)
    expect(stored).toEqual([null, null])
  })

  test('is tried again, and fails with its last error when nothing helps', async () => {
    const seen = await python.run(`
      seen = []
      result = send("js.flaky", 2)
      value = [result.get(timeout=30, on_message=lambda message: seen.append([message["status"], message["task_id"] == result.id])), seen]`)
    expect(seen).toEqual([
      3,
      [
        ['RETRY', true],
        ['RETRY', true],
        ['SUCCESS', true],
      ],
    ])
    expect(await python.run('value = raised(send("js.flaky", 9), 30)')).toEqual(['OSError', 'builtins', ['try 4']])
  })

  test('ends at its hard limit, however busy it is', async () => {
    expect(await python.run('value = raised(send("js.spin", time_limit=1, soft_time_limit=1), 30)')).toEqual([
      ...['TimeLimitExceeded', 'billiard.exceptions'],
      [1],
    ])
    expect(await python.run('value = send("js.add", 1, 1).get(timeout=20)')).toBe(2)
  })

  test('may be compressed with zlib', async () => {
    expect(await python.run('value = send("js.add", 3, 4, compression="zlib").get(timeout=20)')).toBe(7)
  })

  test('whose body cannot be read fails with a reason, and the worker goes on', async () => {
    const raised = await python.run(`
      bad = [
          send("js.add", 1, 2, compression="bzip2"),
          send("js.echo", float("nan")),
          send("js.add", 1, 2, serializer="pickle"),
      ]
      value = [raised(one) for one in bad]`)
    expect(raised).toEqual([
      ['DecodeError', 'kombu.exceptions', [expect.stringMatching(/application\/x-bz2/)]],
      ['DecodeError', 'kombu.exceptions', [expect.stringMatching(/NaN/)]],
      ['DecodeError', 'kombu.exceptions', [expect.stringMatching(/x-python-serialize/)]],
    ])
    expect(await python.run('value = send("js.add", 1, 1).get(timeout=20)')).toBe(2)
  })

  test('may be of the first protocol', async () => {
    const sum = await python.run(`
      app.conf.task_protocol = 1
      old = Celery("old", broker=app.conf.broker_url, backend=app.conf.result_backend)
      old.conf.task_protocol = 1
      app.conf.task_protocol = 2
      value = old.send_task("js.add", [20, 22]).get(timeout=20)`)
    expect(sum).toBe(42)
  })

  test('that nobody can make out is put aside', async () => {
    await python.run(`
      with app.producer_pool.acquire() as producer:
          producer.publish({"hello": 1}, routing_key="celery", exchange="", serializer="json")
          producer.publish("[" * 100000, routing_key="celery", exchange="", content_type="application/json", content_encoding="utf-8")
      value = send("js.add", 1, 1).get(timeout=20)`)
    await worker.waitFor(/a message that is no task was refused.*[\s\S]*a message that is no task was refused/)
  })

  test('is dropped when it was revoked before its time', async () => {
    expect(
      await python.run(`
        result = send("js.echo", 1, countdown=1)
        app.control.revoke(result.id, reply=True, timeout=2)
        value = raised(result)`),
    ).toEqual(['TaskRevokedError', 'celery.exceptions', ['revoked']])
  })

  test('is ended when it is to be, also with a clock that needs more than a byte', async () => {
    const raised = await python.run(`
      for n in range(140): app.control.broadcast("ping")
      result = send("js.sleep", 60)
      deadline = time.time() + 10
      while result.state != "STARTED" and time.time() < deadline: time.sleep(0.05)
      replies = app.control.revoke(result.id, terminate=True, reply=True, timeout=2)
      clocks = app.control.inspect(timeout=2).clock()
      value = [[list(reply.values())[0]["ok"] for reply in replies], raised(result), list(clocks.values())[0]["clock"] > 127]`)
    expect(raised).toEqual([
      [expect.stringMatching(/^terminate: /)],
      ['TaskRevokedError', 'celery.exceptions', ['terminated']],
      true,
    ])
  })

  test('is acknowledged only once its result is stored, also while Redis is away', async () => {
    const file = join(temporaryFolder(), 'held')
    await python.run(`result = send("js.hold_late", ${JSON.stringify(file)})`)
    await expect.poll(() => lines(file)).toEqual(['begin'])
    await redis.kill()
    writeFileSync(`${file}.go`, '')
    await worker.waitFor(/Redis does not answer: what is to be written waits for it/)
    await redis.start()
    expect(await python.run('value = AsyncResult(result.id, app=app).get(timeout=20)')).toBe('held')
    expect(lines(file)).toEqual(['begin', 'end'])
  })
})

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}
