import { equalMessagesAreTaken } from '../load/equal-messages.ts'
import type { Opening } from '../load/link.ts'
import { type Peer, payload } from '../peer.ts'
import { freePort, missingProgram, programPath, publisherLink, startNativeServer } from './native-server.ts'

export const nats: Peer = {
  name: 'NATS',
  measures: ['fan-out', 'latency', 'connections', 'idle'],
  missing: () => missingProgram('nats-server'),
  async start() {
    const port = await freePort()
    const program = programPath('nats-server') ?? 'nats-server'
    const server = await startNativeServer(program, ['-a', '127.0.0.1', '-p', String(port)], port)
    const publisher = await publisherLink(port)
    publisher.write('CONNECT {"verbose":false}\r\n')
    const publication = `PUB bench ${data.length}\r\n${data}\r\n`
    return {
      ...server,
      port,
      prepare: async (count) => Array.from({ length: count }, () => subscribe),
      publish: (count) => publisher.write(publication.repeat(count)),
      async [Symbol.asyncDispose]() {
        publisher.destroy()
        await server[Symbol.asyncDispose]()
      },
    }
  },
}

const subscribe: Opening = async (link) => {
  await link.answer((received) => received.indexOf('\r\n') + 2 || -1)
  link.write('CONNECT {"verbose":false}\r\nSUB bench 1\r\nPING\r\n')
  await link.answer((received) => (received.indexOf('PONG\r\n') < 0 ? -1 : received.indexOf('PONG\r\n') + 6))
  return equalMessagesAreTaken(messageBytes)
}

const data = JSON.stringify(payload)
/** Its pings, one in two minutes, are far shorter. */
const messageBytes = `MSG bench 1 ${data.length}\r\n${data}\r\n`.length
