import { pino } from 'pino'
import { baseUrl, startAuth } from '#server/auth/auth-fixture.ts'
import { inNetworks } from '#server/config/network.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import type { Records } from '#server/store/records.ts'
import { createTaskDesk } from '#server/tasks/task-desk.ts'
import { createHeldTasks } from '#server/tasks/tasks-fixture.ts'
import { createHttpApp } from './app.ts'
import { clientAddress } from './client-address.ts'

/** All routes there are, with a real `Auth`. Clients and channels behind them are never reached. */
export async function startApp() {
  const { auth, store, [Symbol.asyncDispose]: dispose } = await startAuth()
  const unreached = { clients: {}, steering: {}, calls: {} } as unknown as Realtime
  const records = {} as Records
  const app = await createHttpApp({
    ...{ auth, store, records, realtime: unreached, baseUrl, version: '0.0.0', consoleFolder: null },
    tasks: createTaskDesk({ tasks: createHeldTasks(), audit: auth.audit }),
    metrics: { read: async () => '', [Symbol.dispose]() {} },
    metricsArePublic: false,
    oauthClientRoles: ['admin'],
    rabbitMqState: null,
    isEngineUp: async () => true,
    isTrustedProxy: () => false,
    addressOf: (request) => clientAddress(request, inNetworks([]), false),
    isLocal: () => false,
    isTrustedOrigin: (origin) => origin === baseUrl,
    log: pino({ level: 'silent' }),
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
