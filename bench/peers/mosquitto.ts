import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalMessagesAreTaken } from '../load/equal-messages.ts'
import type { Opening } from '../load/link.ts'
import { type Peer, payload } from '../peer.ts'
import { freePort, missingProgram, programPath, publisherLink, startNativeServer } from './native-server.ts'

/** MQTT 3.1.1 with quality of service 0: what is on its way when a connection breaks is lost. */
export const mosquitto: Peer = {
  name: 'Mosquitto',
  measures: ['fan-out', 'latency', 'connections', 'idle'],
  missing: () => missingProgram('mosquitto'),
  async start() {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
    const settings = join(folder, 'mosquitto.conf')
    writeFileSync(
      settings,
      `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_type none\n`,
    )
    const server = await startNativeServer(programPath('mosquitto') ?? 'mosquitto', ['-c', settings], port)
    const publisher = await publisherLink(port)
    publisher.write(connectPacket('publisher'))
    await publisher.answer(bytes(4))
    return {
      ...server,
      port,
      prepare: async (count) => Array.from({ length: count }, () => subscribe),
      publish: (count) => publisher.write(Buffer.concat(Array.from({ length: count }, () => publication))),
      async [Symbol.asyncDispose]() {
        publisher.destroy()
        await server[Symbol.asyncDispose]()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

let clients = 0
const publication = packet(0x30, Buffer.concat([text('bench'), Buffer.from(JSON.stringify(payload))]))

const subscribe: Opening = async (link) => {
  clients += 1
  link.write(connectPacket(`subscriber-${clients}`))
  const accepted = await link.answer(bytes(4))
  if (accepted[3] !== 0) throw new Error(`Mosquitto refused a subscriber with ${accepted[3]}`)
  link.write(packet(0x82, Buffer.concat([Buffer.from([0, 1]), text('bench'), Buffer.from([0])])))
  await link.answer(bytes(5))
  return equalMessagesAreTaken(publication.length)
}

/** Keep alive is 0: nobody pings. */
function connectPacket(client: string): Buffer {
  const [level, cleanSession, keepAlive] = [4, 2, [0, 0]]
  return packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([level, cleanSession, ...keepAlive]), text(client)]))
}

function packet(type: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7]
  return Buffer.concat([Buffer.from([type, ...length]), body])
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
}

function bytes(count: number) {
  return (received: Buffer) => (received.length < count ? -1 : count)
}
