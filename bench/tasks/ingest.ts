import { randomUUID } from 'node:crypto'
import { createSubscribers } from '../load/subscribers.ts'
import { payload } from '../peer.ts'
import { carillonBehind } from '../peers/carillon.ts'
import { openPublishing } from './publishing.ts'

const sockets = 1_000

/** Events a second from an exchange until each of a thousand subscribers of their channel has all of them. */
export async function ingestRate(broker: string, count: number): Promise<number> {
  await using server = await carillonBehind(broker)
  using subscribers = createSubscribers(server)
  await subscribers.open(sockets)
  await using publishing = await openPublishing(broker, [])
  // The server declares where they are published to a moment after it listens.
  await rateOf(count / 10)
  return rateOf(count)

  async function rateOf(events: number): Promise<number> {
    const arrived = subscribers.arrival(events)
    const begun = performance.now()
    await publishing.publish(Array.from({ length: events }, event))
    await arrived
    return events / ((performance.now() - begun) / 1000)
  }
}

const content = Buffer.from(JSON.stringify(payload))
const event = () => ({
  ...{ exchange: 'carillon.events', routingKey: 'plain.bench', content },
  ...{ contentType: 'application/json', messageId: randomUUID() },
})
