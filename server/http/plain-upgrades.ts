import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { UpgradeRequest } from '#server/realtime/realtime.ts'
import { createLine } from './line.ts'
import { plainUpgrade, plainUpgradePath } from './plain-upgrade.ts'

/**
 * Looks at what comes first over a new connection. A plain upgrade goes to who listens for `upgrade` at once, which spares
 * it Node's machinery for requests: a tenth of what a connection costs. All else goes to Node as if nobody had looked, a
 * few in a turn of the event loop, and so does who says nothing for a moment: the time-outs of requests begin there.
 */
export function takePlainUpgrades(server: Server): void {
  const node = server.listeners('connection')
  server.removeAllListeners('connection')
  const enter = createLine({ atOnce: 4, everyMs: 0 })
  const leaveToNode = (socket: Socket) => {
    socket.off('error', socketOnError)
    for (const listener of node) listener.call(server, socket)
  }

  server.on('connection', (socket: Socket) => {
    const silent = setTimeout(() => {
      stopLooking()
      // Once it closes nobody looks at time-outs any more.
      if (server.listening) leaveToNode(socket)
      else socket.destroy()
    }, silentMs)
    socket.on('readable', look)
    socket.on('error', socketOnError)

    function look(): void {
      stopLooking()
      const first: Buffer | null = socket.read()
      const headers = first !== null && server.listenerCount('upgrade') > 0 ? plainUpgrade(first) : null
      if (headers !== null) {
        socket.off('error', socketOnError)
        const request: UpgradeRequest = { method: 'GET', url: plainUpgradePath, headers, socket }
        server.emit('upgrade', request, socket, nothing)
        return
      }
      if (first === null) {
        // It has closed its half without a word, of which Node is told at once or never.
        leaveToNode(socket)
        return
      }
      socket.unshift(first)
      void enter().then(() => {
        if (!socket.destroyed) leaveToNode(socket)
      })
    }

    function stopLooking(): void {
      clearTimeout(silent)
      socket.off('readable', look)
    }
  })
}

const silentMs = 1_000
const nothing = Buffer.alloc(0)

function socketOnError(this: Socket): void {
  this.destroy()
}
