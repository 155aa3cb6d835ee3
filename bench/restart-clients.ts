import { connect, type Socket } from 'node:net'

/**
 * The clients' side of `restart.ts`, in a process of its own: as many connections as it is given tokens, over bare
 * sockets, that come back by the SDK's rule and recover what they missed.
 */

const channelCount = 100
const backOffMs = { least: 500, most: 20_000 }
const totals = { connected: 0, attempts: 0, refused: 0, recovered: 0, notRecovered: 0 }
let port = 0

process.on('message', (message: { port: number; tokens: readonly string[] }) => {
  port = message.port
  for (const [index, token] of message.tokens.entries()) {
    // The first time they come at the pace of a morning, not of a restart.
    setTimeout(() => open(newClient(index, token)), index * 2)
  }
})
process.on('disconnect', () => process.exit(0))
setInterval(() => process.send?.(totals), 100)

interface Client {
  readonly token: string
  readonly channel: string
  attempt: number
  position: { epoch: string; offset: number } | null
}

function newClient(index: number, token: string): Client {
  return { token, channel: `news:bench-${index % channelCount}`, attempt: 0, position: null }
}

function open(client: Client): void {
  totals.attempts += 1
  const socket = connect(port, '127.0.0.1')
  let isUpgraded = false
  let isIn = false
  let buffered: Buffer = Buffer.alloc(0)
  // A server that takes the connection and says nothing would hold it for ever.
  socket.setTimeout(30_000, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('connect', () => socket.write(upgradeRequest))
  socket.on('close', () => {
    if (isIn) totals.connected -= 1
    setTimeout(() => open(client), delayOf(client.attempt))
    client.attempt += 1
  })
  socket.on('data', (chunk) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    if (!isUpgraded) {
      const end = buffered.indexOf('\r\n\r\n')
      if (end === -1) return
      if (!buffered.subarray(0, 12).equals(switching)) {
        totals.refused += 1
        socket.destroy()
        return
      }
      isUpgraded = true
      buffered = buffered.subarray(end + 4)
      send(socket, commandsOf(client))
    }
    for (let next = firstMessage(buffered); next; next = firstMessage(buffered)) {
      buffered = buffered.subarray(next.end)
      if (next.opcode === close) socket.end()
      else for (const line of next.text.split('\n')) take(line)
    }
  })

  function take(line: string): void {
    if (line === '{}') {
      send(socket, '{}')
      return
    }
    const { id, subscribe, push, error } = JSON.parse(line) as ServerMessage
    if (error !== undefined) socket.destroy()
    if (push?.pub?.offset !== undefined && client.position) client.position.offset = push.pub.offset
    if (id !== subscribeId || !subscribe) return
    if (client.position) totals[subscribe.recovered === true ? 'recovered' : 'notRecovered'] += 1
    const last = subscribe.publications?.at(-1)
    client.position = { epoch: subscribe.epoch, offset: last?.offset ?? subscribe.offset ?? 0 }
    client.attempt = 0
    isIn = true
    totals.connected += 1
    socket.setTimeout(0)
  }
}

/** As the SDK does: the least, and a random part of what doubles each time. */
function delayOf(attempt: number): number {
  const { least, most } = backOffMs
  return Math.min(most, least + Math.random() * Math.min(most, least * 2 ** Math.min(attempt, 20)))
}

const subscribeId = 2
const close = 8
const switching = Buffer.from('HTTP/1.1 101')
const upgradeRequest =
  'GET /connection/websocket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.from('0123456789abcdef').toString('base64')}\r\n\r\n`

interface ServerMessage {
  readonly id?: number
  readonly error?: object
  readonly subscribe?: {
    readonly epoch: string
    readonly offset?: number
    readonly recovered?: boolean
    readonly publications?: readonly { readonly offset: number }[]
  }
  readonly push?: { readonly pub?: { readonly offset?: number } }
}

function commandsOf({ token, channel, position }: Client): string {
  const subscribe = position ? { channel, recover: true, ...position } : { channel }
  return [
    { id: 1, connect: { token } },
    { id: subscribeId, subscribe },
  ]
    .map((command) => JSON.stringify(command))
    .join('\n')
}

function send(socket: Socket, text: string): void {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff]
  // A mask of zeros leaves the text as it is.
  socket.write(Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), Buffer.from(text)]))
}

/** The first whole message of the server, or undefined while there is none. */
function firstMessage(bytes: Buffer): { opcode: number; text: string; end: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = (bytes[1] ?? 0) & 0x7f
  const header = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < header) return undefined
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6)
  const end = header + length
  if (bytes.length < end) return undefined
  return { opcode: (bytes[0] ?? 0) & 0x0f, text: bytes.toString('utf8', header, end), end }
}
