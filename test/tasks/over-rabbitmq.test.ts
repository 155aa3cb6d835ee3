import { expect, onTestFinished, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { startRabbitMq } from '../support/rabbitmq.ts'
import { carillon } from '../support/server-process.ts'
import { startTaskServer } from './tasks-rig.ts'

describeWith(['rabbitmq'], 'a server with RabbitMQ', () => {
  test('keeps what it accepted while no worker runs, and has it carried out by the one that comes', {
    timeout: 120_000,
  }, async () => {
    const rabbit = await startRabbitMq()
    onTestFinished(() => rabbit[Symbol.asyncDispose]())
    const { submit, get, end, server } = await startTaskServer({}, {}, { AMQP_URL: rabbit.url })
    const task = await submit('carillon.add', [20, 22])
    // What has to be here is carried out here.
    const report = await submit('carillon.fleet_report')
    expect(await end(report.id)).toMatchObject({ state: 'succeeded', result: { devices: 0, online: 0 } })
    await server.kill()
    await server.start()
    expect(await get(task.id)).toMatchObject({ state: 'waiting' })
    const worker = startChild(process.execPath, [carillon, 'worker', '--concurrency', '1'], {
      env: { ...process.env, AMQP_URL: rabbit.url },
    })
    onTestFinished(() => worker[Symbol.asyncDispose]())
    expect(await end(task.id)).toMatchObject({ state: 'succeeded', result: 42, tries: 1 })
  })
})
