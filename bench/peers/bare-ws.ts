import { framesAreTaken, upgrade } from '../load/websocket.ts'
import type { Peer } from '../peer.ts'
import { startNodeServer } from './node-server.ts'

export const bareWs: Peer = {
  name: 'ws, send() in a loop',
  measures: ['fan-out', 'latency', 'connections', 'idle'],
  missing: () => null,
  async start() {
    const server = await startNodeServer('./bare-ws-server.ts')
    return {
      ...server,
      prepare: async (count) =>
        Array.from({ length: count }, () => async (link) => {
          await upgrade(link, '/')
          return framesAreTaken(link, null)
        }),
    }
  },
}
