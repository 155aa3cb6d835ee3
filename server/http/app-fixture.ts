import { pino } from 'pino'
import { baseUrl, startAuth } from '#server/auth/auth-fixture.ts'
import { inNetworks } from '#server/config/network.ts'
import { createFleet } from '#server/fleet/create-fleet.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import { createTaskDesk } from '#server/tasks/task-desk.ts'
import { createHeldTasks } from '#server/tasks/tasks-fixture.ts'
import { createHttpApp } from './app.ts'
import { clientAddress } from './client-address.ts'

/** All routes there are, with a real `Auth`. Clients and channels behind them are never reached. */
export async function startApp() {
  const { auth, store, records, [Symbol.asyncDispose]: dispose } = await startAuth()
  const unreached = { clients: {}, steering: {}, calls: {} } as unknown as Realtime
  const log = pino({ level: 'silent' })
  const publish = async () => ({ ok: true, offset: 1, epoch: 'e' }) as const
  const fleet = await createFleet({ records, auth, publish, allowedOrigins: [], sweeps: false, log })
  const app = await createHttpApp({
    ...{ auth, store, records, realtime: unreached, baseUrl, version: '0.0.0', consoleFolder: null },
    fleet,
    paneCodes: { issue: () => Promise.reject(new Error('not reached')), redeem: async () => false },
    tasks: createTaskDesk({ tasks: createHeldTasks(), audit: auth.audit }),
    metrics: { read: async () => '', [Symbol.dispose]() {} },
    metricsArePublic: false,
    oauthClientRoles: ['admin'],
    rabbitMqState: null,
    isEngineUp: async () => true,
    isTrustedProxy: () => false,
    addressOf: (request) => clientAddress(request, inNetworks([]), false),
    isLocal: () => false,
    listensAt: () => null,
    isTrustedOrigin: (origin) => origin === baseUrl,
    log,
  })
  return {
    app,
    auth,
    async [Symbol.asyncDispose]() {
      await app.close()
      await dispose()
    },
  }
}
