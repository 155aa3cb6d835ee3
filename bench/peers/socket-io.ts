import type { Opening } from '../load/link.ts'
import { framesAreTaken, messages, textFrame, upgrade } from '../load/websocket.ts'
import type { Peer } from '../peer.ts'
import { startNodeServer } from './node-server.ts'

export const socketIo: Peer = {
  name: 'Socket.IO',
  measures: ['fan-out', 'latency', 'connections', 'idle'],
  missing: () => null,
  async start() {
    const server = await startNodeServer('./socket-io-server.ts')
    return { ...server, prepare: async (count) => Array.from({ length: count }, () => subscribe) }
  },
}

/** Engine.IO 4 and Socket.IO 5: open, connect to the namespace, and one event with an acknowledgement. */
const subscribe: Opening = async (link) => {
  await upgrade(link, '/socket.io/?EIO=4&transport=websocket')
  await messages(link, 1)
  link.write(textFrame('40'))
  await messages(link, 1)
  link.write(textFrame('420["subscribe","bench"]'))
  const [reply] = await messages(link, 1)
  if (reply !== '430[]') throw new Error(`Socket.IO answered ${reply}`)
  return framesAreTaken(link, pong)
}

const pong = textFrame('3')
