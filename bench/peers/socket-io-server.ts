import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { payload } from '../peer.ts'
import { answerParent } from './answer-parent.ts'

/** Rooms, as its documentation shows them, over WebSocket alone. Nobody has to say who they are. */
const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false })
io.on('connection', (socket) => {
  socket.on('subscribe', (room: string, done: () => void) => {
    void socket.join(room)
    done()
  })
})
http.listen(0, '127.0.0.1', () => {
  answerParent((http.address() as AddressInfo).port, {
    publish(count) {
      for (let n = 0; n < count; n++) io.to('bench').emit('publication', payload)
    },
  })
})
