import { randomBytes } from 'node:crypto'
import { startPostgres } from './postgres.ts'
import { startRedis } from './redis.ts'
import { startServerProcess } from './server-process.ts'

/** Two nodes with one Redis, one PostgreSQL and one secret. */
export async function startSiteOfTwo() {
  await using parts = new AsyncDisposableStack()
  const redis = parts.use(await startRedis())
  const postgres = parts.use(await startPostgres())
  await postgres.createDatabase('carillon')
  const env = {
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.url('carillon'),
    CARILLON_SECRET: randomBytes(32).toString('base64url'),
  }
  const one = parts.use(await startServerProcess({ env }))
  const other = parts.use(await startServerProcess({ env }))
  const running = parts.move()
  return { redis, nodes: [one, other] as const, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
