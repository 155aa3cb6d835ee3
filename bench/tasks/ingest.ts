import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { createSubscribers } from '../load/subscribers.ts'
import { payload } from '../peer.ts'
import { carillonBehind } from '../peers/carillon.ts'
import { openPublishing } from './publishing.ts'

const sockets = 1_000
const patienceMs = 60_000

/** Events a second from an exchange until each of a thousand subscribers of their channel has all of them. */
export async function ingestRate(broker: string, count: number): Promise<number> {
  await using server = await carillonBehind(broker)
  using subscribers = createSubscribers(server)
  await subscribers.open(sockets)
  await using publishing = await openPublishing(broker, [])
  // It declares where they are published to a moment after it listens.
  await untilReady(server.port)
  await rateOf(count / 10)
  return await rateOf(count)

  async function rateOf(events: number): Promise<number> {
    const arrived = subscribers.arrival(events)
    const begun = performance.now()
    await Promise.all([publishing.publish(Array.from({ length: events }, event)), inTime(arrived)])
    return events / ((performance.now() - begun) / 1000)
  }
}

async function untilReady(port: number): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs)
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal })
    if ((await answer.text()).includes('"rabbitmq":"up"')) return
    await pause(50)
  }
}

async function inTime(arrived: Promise<void>): Promise<void> {
  const cancelled = new AbortController()
  const late = pause(patienceMs, undefined, { signal: cancelled.signal }).then(() => {
    throw new Error('The events did not arrive in time.')
  })
  await Promise.race([arrived, late]).finally(() => cancelled.abort())
}

const content = Buffer.from(JSON.stringify(payload))
const event = () => ({
  ...{ exchange: 'carillon.events', routingKey: 'plain.bench', content },
  ...{ contentType: 'application/json', messageId: randomUUID() },
})
