import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { WebSocketServer } from 'ws'
import type { Identity } from '#server/auth/identity.ts'
import { createLocalBus } from '#server/broker/local-bus.ts'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { namespaces } from '#server/config/namespaces.ts'
import { createRealtime } from '#server/realtime/create-realtime.ts'
import { openStore } from '#server/store/store.ts'

/** The server's side of `fan-out.ts`, in a process of its own so that its CPU time is its own. */

const by: Identity = { kind: 'local', userId: 'local', name: 'bench', role: 'admin' }
const payload = { text: 'x'.repeat(180) }
const kind = process.argv[2]
const http = createServer()
const publish = kind === 'ws' ? bareWs() : await carillon()

http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }))
process.on('message', (message: { publish?: number; usage?: true }) => {
  if (message.usage) process.send?.({ cpu: process.cpuUsage() })
  for (let n = 0; n < (message.publish ?? 0); n++) publish()
})
process.on('disconnect', () => process.exit(0))

function bareWs(): () => void {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  return () => {
    const data = JSON.stringify(payload)
    for (const socket of server.clients) socket.send(data)
  }
}

async function carillon(): Promise<() => void> {
  const log = pino({ level: 'silent' })
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const store = await openStore({ path: join(folder, 'carillon.sqlite') })
  const broker = createMemoryBroker({ store, log })
  const history = kind === 'history' ? { history_size: 1000, history_ttl: '1h', force_recovery: true } : {}
  const realtime = createRealtime({
    broker,
    bus: createLocalBus({ log }),
    log,
    version: 'bench',
    namespaces: namespaces.parse([{ name: 'bench', subscribe_roles: ['admin'], ...history }]),
    authenticator: {
      verifyConnectionToken: async () => ({ ok: false, reason: 'invalid' }),
      verifySubscriptionToken: async () => ({ ok: false, reason: 'invalid' }),
      redeemTicket: async () => by,
    },
  })
  http.on('upgrade', (request, socket, head) => realtime.upgrade(request, socket, head, null))
  return () => void realtime.publish(by, { channel: 'bench:a', data: payload })
}
