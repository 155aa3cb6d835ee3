import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { destination, pino } from 'pino'
import type { Identity } from '#server/auth/identity.ts'
import { startServer } from '#server/compose.ts'
import { configSchema } from '#server/config/config.ts'
import { openHandle } from '#server/store/store.ts'
import { payload } from '../peer.ts'
import { answerParent } from './answer-parent.ts'
import { addViewers } from './viewers.ts'

/**
 * The server as `carillon serve` puts it together, in a temporary folder, with two namespaces for the benchmark and
 * the rest as it comes. Publications are made inside the process, as the other servers on Node make theirs.
 */
const [kind = 'plain', people = '1000', redisUrl = '', amqpUrl = ''] = process.argv.slice(2)
const publisher: Identity = { kind: 'local', userId: 'local', name: 'bench', role: 'admin' }
const data = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
process.on('exit', () => rmSync(data, { recursive: true, force: true, maxRetries: 5 }))

const open = { subscribe_roles: ['viewer'], publish_roles: ['admin', 'operator', 'viewer'] }
const config = configSchema.parse({
  port: 0,
  // All of them come at once, and how fast they come in is measured.
  limits: { new_connections_per_second: 0 },
  ...(redisUrl && { redis_url: redisUrl }),
  ...(amqpUrl && { amqp_url: amqpUrl }),
  namespaces: [
    { name: 'plain', ...open },
    { name: 'kept', ...open, history_size: 1000, history_ttl: '1h', force_recovery: true },
  ],
})
const log = pino({ level: config.log_level, base: null }, destination({ dest: 2, sync: true }))
const server = await startServer({ config: { ...config, data }, log, tcp: true })
const { auth, realtime } = server
const viewers = addViewers(() => openHandle(join(data, 'carillon.sqlite')), Number(people))
const channel = `${kind}:bench`
let next = 0

answerParent(Number(new URL(server.address).port), {
  publish(count) {
    for (let n = 0; n < count; n++) void realtime.publish(publisher, { channel, data: payload })
  },
  credentials: (count, kind) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const viewer = viewers[next++ % viewers.length] as Identity
        return kind === 'ticket'
          ? (await auth.tickets.issue(viewer)).ticket
          : (await auth.issueAccessToken(viewer)).token
      }),
    ),
  apiKey: async () => (await auth.keys.create('bench', ['publish'], publisher)).key,
  async publishFor({ underWay, seconds }) {
    const end = performance.now() + seconds * 1000
    let confirmed = 0
    const publishOneByOne = async () => {
      while (performance.now() < end) {
        const outcome = await realtime.publish(publisher, { channel, data: payload })
        if (!outcome.ok) throw new Error(outcome.message)
        confirmed += 1
        // Without history nothing is waited for, and everything else would stand still.
        if (confirmed % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await Promise.all(Array.from({ length: underWay }, publishOneByOne))
    return confirmed
  },
})
