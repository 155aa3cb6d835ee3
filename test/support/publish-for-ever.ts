import pino from 'pino'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { openStore } from '#server/store/store.ts'

/** A process of its own that publishes until it is killed, and prints each offset as it is acknowledged. */
const path = process.argv[2]
if (path === undefined) throw new Error('usage: publish-for-ever.ts DATABASE')
const store = await openStore({ path })
const broker = createMemoryBroker({ store, log: pino({ level: 'silent' }) })

async function publishForEver(publisher: number): Promise<void> {
  for (let n = 0; ; n++) {
    const data = JSON.stringify({ publisher, n })
    const { offset, epoch } = await broker.publish('news:a', { size: 100_000, ttlSeconds: 3600 }, { data })
    await new Promise((resolve) => process.stdout.write(`${offset} ${epoch} ${data}\n`, resolve))
  }
}

await Promise.all([1, 2, 3, 4].map(publishForEver))
