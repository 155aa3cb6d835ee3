import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a local port that can be interrupted: for one node, while others go another way. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** From now on nothing passes, in either direction, and nobody is told: a partition. New connections are silent too. */
  silence(): void
  /** What was held back passes, and so does everything that comes. */
  restore(): void
  /** Breaks every connection, as a router that restarts does. */
  cut(): void
}

export async function startTcpProxy(toPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isSilent = false
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => to.write(data))
      from.on('error', () => {}) // its end follows
      from.on('close', () => {
        sockets.delete(from)
        // Of a partition nothing is heard, not even that the other side has gone.
        if (!isSilent) to.destroy()
      })
      if (isSilent) from.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      isSilent = true
      for (const socket of sockets) socket.pause()
    },
    restore() {
      isSilent = false
      for (const socket of sockets) socket.resume()
    },
    cut,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy()
  }
}
