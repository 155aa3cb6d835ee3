import { hostname } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PythonClient, startPythonClient } from '../support/celery/python-client.ts'
import { runCelery, startCelery, startPythonWorker } from '../support/celery/python-worker.ts'
import { startWorker } from '../support/celery/worker-program.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'

describeWith(['rabbitmq', 'redis', 'celery'], 'our worker beside one in Python', () => {
  let rabbit: RabbitMqOfTest
  let redis: RedisServerOfTest
  let worker: ChildProgram
  let other: ChildProgram
  let python: PythonClient
  const node = `ours@${hostname()}`
  beforeAll(async () => {
    ;[rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()])
    worker = await startWorker({ broker: rabbit.url, redis: redis.url, name: 'ours' })
    python = startPythonClient({ broker: rabbit.url, backend: redis.url })
    other = await startPythonWorker({ broker: rabbit.url, backend: redis.url, name: 'theirs', queue: 'py' })
  })
  afterAll(async () => {
    await Promise.all([python, worker, other].map((one) => one?.[Symbol.asyncDispose]()))
    await Promise.all([rabbit?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  test('it is found by one that starts later, and one that is there finds it', async () => {
    await expect.poll(other.output).toMatch(/sync with 1 nodes/)
    await expect.poll(other.output).toMatch(/sync complete/)
    await using late = await startWorker({ broker: rabbit.url, name: 'late', args: ['--queues', 'late'] })
    await other.waitFor(/late@\S+ joined the party/)
    process.kill(late.pid, 'SIGTERM')
    expect(await late.exited).toBe(0)
    await other.waitFor(/late@\S+ left/)
    expect(other.output()).not.toMatch(/Traceback/)
  })

  test('a link is sent with the result, and is a child of it', async () => {
    const seen = await python.run(`
      after = s("js.add", 10)
      after.set(task_id=str(uuid.uuid4()))
      result = send("js.add", 1, 2, link=[after, si("js.add", 20, 20)])
      first = result.get(timeout=20)
      value = [first, [child.get(timeout=20) for child in result.children], result.children[0].id == after.id]`)
    expect(seen).toEqual([3, [13, 40], true])
  })

  test('what is linked to a failure is told which task it was', async () => {
    const seen = await python.run(`
      after = s("js.echo")
      after.set(task_id=str(uuid.uuid4()))
      result = send("js.fail", "own", link_error=after)
      raised(result)
      value = AsyncResult(after.id, app=app).get(timeout=20) == result.id`)
    expect(seen).toBe(true)
  })

  test('a chain goes from one to the other and back', async () => {
    const seen = await python.run(`
      result = (s("js.add", 1, 2) | s("py.add", 3, queue="py") | s("js.add", 4)).apply_async()
      value = [result.get(timeout=20), result.parent.get(timeout=20), result.parent.parent.get(timeout=20)]`)
    expect(seen).toEqual([10, 6, 3])
  })

  test('a group answers in its order', async () => {
    const seen = await python.run(`
      value = group(s("js.add", n, n) for n in range(5)).apply_async().get(timeout=20)`)
    expect(seen).toEqual([0, 2, 4, 6, 8])
  })

  test.each([
    ['js.add', 'py.sum'],
    ['py.add', 'js.sum'],
    ['both', 'js.sum'],
  ])('a chord of %s ends in %s', async (parts, body) => {
    const seen = await python.run(`
      def part(n):
          name = ["js.add", "py.add"][n % 2] if ${JSON.stringify(parts)} == "both" else ${JSON.stringify(parts)}
          return s(name, n, 1, queue="py" if name == "py.add" else "celery")
      body = s(${JSON.stringify(body)}, queue="py" if ${JSON.stringify(body)} == "py.sum" else "celery")
      value = chord([part(n) for n in range(4)], body).apply_async().get(timeout=20)`)
    expect(seen).toBe(0 + 1 + 2 + 3 + 4)
    await expect.poll(() => redis.ask('KEYS', 'celery-taskset-meta-*')).toEqual([])
  })

  test('a chord with a part that fails has failed, wherever that ran', async () => {
    for (const [name, queue] of [
      ['js.fail', 'celery'],
      ['py.fail', 'py'],
    ]) {
      const seen = await python.run(`
        parts = [s("js.add", 1, 1), s("py.add", 1, 1, queue="py"), s("${name}", "own", queue="${queue}")]
        result = chord(parts, s("js.sum")).apply_async()
        # By itself: with its parts it raises what one of them has raised.
        value = raised(AsyncResult(result.id, app=app))`)
      expect(seen).toEqual(['ChordError', 'celery.exceptions', [expect.stringMatching(/^Dependency \S+ raised /)]])
    }
  })

  test('a chord within a chain is begun by our worker', async () => {
    const seen = await python.run(`
      value = (s("js.add", 1, 1) | group(s("js.add", 1), s("py.add", 2, queue="py")) | s("js.sum") | s("js.add", 100)).apply_async().get(timeout=20)`)
    expect(seen).toBe(107)
  })

  test('people see it: inspect and status', async () => {
    const [pong, status] = await Promise.all([
      runCelery(rabbit.url, ['inspect', 'ping', '-d', node, '-t', '5']),
      runCelery(rabbit.url, ['status', '-t', '5']),
    ])
    expect(pong).toMatch(/ours@\S+: OK\s+pong/)
    expect(status).toMatch(/ours@\S+: OK/)
    const seen = await python.run(`
      result = send("js.sleep", 20)
      later = send("js.add", 1, 1, countdown=30)
      deadline = time.time() + 10
      while result.state != "STARTED" and time.time() < deadline: time.sleep(0.05)
      i = app.control.inspect(destination=["${node}"], timeout=2)
      active = i.active()["${node}"]
      value = {
          "active": [[one["id"] == result.id, one["name"], one["args"], one["worker_pid"] > 0] for one in active],
          "scheduled": [one["request"]["id"] == later.id for one in i.scheduled()["${node}"]],
          "reserved": i.reserved()["${node}"],
          "registered": "js.add" in i.registered()["${node}"],
          "queues": [one["name"] for one in i.active_queues()["${node}"]],
          "total": i.stats()["${node}"]["total"]["js.sum"] > 0,
          "query": i.query_task(result.id)["${node}"][result.id][0],
          "conf": i.conf()["${node}"],
          "report": i.report()["${node}"]["ok"],
      }
      app.control.revoke([result.id, later.id], terminate=True)
      value["revoked"] = sorted(i.revoked()["${node}"]) == sorted([result.id, later.id])`)
    expect(seen).toEqual({
      active: [[true, 'js.sleep', [20], true]],
      ...{ scheduled: [true], reserved: [], registered: true, queues: ['celery'], total: true, query: 'active' },
      ...{ conf: {}, report: expect.stringMatching(/carillon/), revoked: true },
    })
  })

  test('monitors see what becomes of its tasks once they have asked', async () => {
    await using dump = startCelery(rabbit.url, ['events', '--dump'])
    await dump.waitFor(/worker heartbeat|ours@/, 20_000)
    await using one = await startWorker({
      broker: rabbit.url,
      redis: redis.url,
      name: 'told',
      args: ['--queues', 'told', '--events'],
    })
    await dump.waitFor(/told@\S+ .*started/, 20_000)
    await python.run(`
      send("js.add", 1, 1, queue="told")
      send("js.flaky", 1, queue="told")
      raised(send("js.fail", "own", queue="told"))
      gone = send("js.echo", 1, countdown=1, queue="told")
      app.control.revoke(gone.id)`)
    for (const state of ['received', 'started', 'succeeded', 'failed', 'retried', 'revoked']) {
      await dump.waitFor(new RegExp(`told@\\S+ .*task ${state}|task ${state}`), 20_000)
    }
    process.kill(one.pid, 'SIGTERM')
    expect(await one.exited).toBe(0)
    await dump.waitFor(/told@\S+ .*(shutdown|offline)/, 20_000)
  })

  test('what strangers send to all workers does it no harm', async () => {
    const seen = await python.run(`
      with app.producer_pool.acquire() as producer:
          for body in ["{", "[" * 5000, "1", '{"method": {}}', '{"method": "ping", "destination": "x"}', '{"method":"ping","pattern":"(a+)+$","matcher":"pcre","reply_to":{"exchange":"x","routing_key":"y"}}']:
              producer.publish(body, exchange=Exchange("celery.pidbox", "fanout", durable=False), routing_key="", content_type="application/json", content_encoding="utf-8")
      ours = dict(destination=["${node}"], reply=True, timeout=2)
      value = [
          app.control.broadcast("ping", destination=["nobody@nowhere"], reply=True, timeout=1),
          app.control.broadcast("no_such_method", **ours),
          app.control.broadcast("__proto__", **ours),
          app.control.broadcast("shutdown", **ours),
          app.control.broadcast("ping", **ours),
      ]`)
    const answer = (reply: unknown) => [{ [node]: reply }]
    expect(seen).toEqual([
      [],
      answer({ error: 'No such method: no_such_method' }),
      answer({ error: 'No such method: __proto__' }),
      answer({ error: expect.stringMatching(/not allowed/) }),
      answer({ ok: 'pong' }),
    ])
  })
})
