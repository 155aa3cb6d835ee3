import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PythonClient, startPythonClient } from '../support/celery/python-client.ts'
import { startWorker } from '../support/celery/worker-program.ts'
import type { ChildProgram } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { type RabbitMqOfTest, startRabbitMq } from '../support/rabbitmq.ts'
import { type RedisServerOfTest, startRedis } from '../support/redis.ts'

describeWith(['rabbitmq', 'redis'], 'a worker of ours and a client in Python', () => {
  let rabbit: RabbitMqOfTest
  let redis: RedisServerOfTest
  let worker: ChildProgram
  let python: PythonClient
  beforeAll(async () => {
    ;[rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()])
    worker = await startWorker({ broker: rabbit.url, redis: redis.url, name: 'ours' })
    python = startPythonClient({ broker: rabbit.url, backend: redis.url })
  })
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]()
    await worker?.[Symbol.asyncDispose]()
    await Promise.all([rabbit?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()])
  })

  test('a value comes back', async () => {
    expect(await python.run(`value = send("js.add", 2, 3).get(timeout=10)`)).toBe(5)
    console.log(worker.output())
  })
})
