import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server on this machine that can be broken. */
export interface Passage extends AsyncDisposable {
  readonly port: number
  /** `silent`: nothing is passed on, and nobody is told. `reset`: every connection is reset, and each new one. */
  set(state: 'open' | 'silent' | 'reset'): void
}

export async function openPassage(target: number): Promise<Passage> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'open' | 'silent' | 'reset' = 'open'
  const server = createServer((near) => {
    near.on('error', () => {})
    if (state === 'reset') {
      near.resetAndDestroy()
      return
    }
    const far = connect(target, '127.0.0.1')
    far.on('error', () => {})
    const pair = [near, far] as const
    pairs.add(pair)
    near.on('data', (bytes) => far.write(bytes))
    far.on('data', (bytes) => near.write(bytes))
    if (state === 'silent') for (const socket of pair) socket.pause()
    near.on('close', () => end(pair))
    far.on('close', () => end(pair))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      state = next
      if (next === 'reset') resetAll()
      for (const socket of [...pairs].flat()) {
        if (next === 'silent') socket.pause()
        else socket.resume()
      }
    },
    async [Symbol.asyncDispose]() {
      server.close()
      resetAll()
      await once(server, 'close')
    },
  }

  function resetAll(): void {
    for (const pair of [...pairs]) end(pair)
  }

  function end(pair: readonly [Socket, Socket]): void {
    pairs.delete(pair)
    for (const socket of pair) socket.resetAndDestroy()
  }
}
