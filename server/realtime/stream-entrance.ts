import type { Connections } from './connections.ts'
import { decodeConnect, decodeLine } from './decode-frame.ts'
import type { Emulation } from './emulation.ts'
import { HttpTransport } from './http-transport.ts'
import type { Realtime, Refusal, StreamCall } from './realtime.ts'
import type { Registry } from './registry.ts'

/** What of a client may wait while it is not read, in characters: four of the largest requests. */
const maxWaiting = 4 * 65_536

/** Where clients come in that get an HTTP answer without end. */
export function createStreamEntrance(
  connections: Connections,
  registry: Registry,
  emulation: Emulation,
): Realtime['stream'] {
  return (response, call) => {
    const { name, first, known, address } = call
    const refusal = refusalOf(call) ?? connections.refusal(address)
    // Gone while it was found out who it is: there is nobody to tell.
    if (refusal || response.destroyed) return refusal
    // At once: deciding takes a while, and what is between waits for it.
    response.writeHead(200, headers[name]).flushHeaders()
    const session = name.startsWith('uni_') ? null : emulation.newSession()
    const transport = new HttpTransport({ name, session, response, maxWaiting })
    if (session !== null) {
      emulation.add(session, transport)
      response.once('close', () => emulation.remove(session))
    }
    connections.begin(transport, known?.identity ?? null, known?.mark ?? registry.mark(), address)
    transport.deliver(first)
    return null
  }
}

function refusalOf({ name, first }: StreamCall): Refusal | null {
  const [line = ''] = first.split('\n', 1)
  const decoded = name.startsWith('uni_') ? decodeConnect(first) : decodeLine(line)
  const isConnect = decoded.kind === 'command' ? decoded.command.name === 'connect' : decoded.kind === 'refused'
  return isConnect ? null : { status: 400, sentence: 'Begin with a connect command of the client protocol, as JSON.' }
}

/** Neither stored nor held back nor compressed by anything between. */
const unbuffered = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' }
const lines = { ...unbuffered, 'content-type': 'application/x-ndjson; charset=utf-8' }
const events = { ...unbuffered, 'content-type': 'text/event-stream; charset=utf-8' }
const headers = { http_stream: lines, uni_http_stream: lines, sse: events, uni_sse: events } as const
