import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { payload } from '../peer.ts'
import { answerParent } from './answer-parent.ts'

/** The usual way to do without a library: `send()` to everybody in a loop. */
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('connection', (socket) => socket.on('error', () => socket.terminate()))
server.on('listening', () => {
  answerParent((server.address() as AddressInfo).port, {
    publish(count) {
      for (let n = 0; n < count; n++) {
        const data = JSON.stringify(payload)
        for (const socket of server.clients) socket.send(data)
      }
    },
  })
})
