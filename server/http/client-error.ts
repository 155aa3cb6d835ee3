import type { Duplex } from 'node:stream'
import { type ProblemCode, problemDocument } from '#protocol/problem.ts'
import type { SecurityHeaders } from './security-headers.ts'

/** A listener for a server's `clientError`: answers what never became a request. */
export function clientErrorListener(headers: SecurityHeaders) {
  return (error: NodeJS.ErrnoException, socket: Duplex & { readonly bytesWritten?: number }): void => {
    const fault = faultOf(error)
    // Where something has been answered, what is written now could fall into the middle of it.
    if (fault === null || !socket.writable || (socket.bytesWritten ?? 0) > 0) {
      socket.destroy()
      return
    }
    const [code, detail] = fault
    const document = problemDocument(code, detail)
    const body = JSON.stringify(document)
    const lines = Object.entries({
      ...headers,
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}`)
    socket.once('finish', () => socket.destroy())
    socket.end(`HTTP/1.1 ${document.status} ${document.title}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  }
}

/** Null where there is nobody to tell: the connection was reset, or TLS did not come about. */
function faultOf({ code = '' }: NodeJS.ErrnoException): Fault | null {
  return faults[code] ?? (code.startsWith('HPE_') ? malformed : null)
}

type Fault = readonly [ProblemCode, string]

const malformed: Fault = ['bad_request', 'What was sent is not a request in HTTP/1.1.']

const faults: Readonly<Record<string, Fault>> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'Send fewer or smaller headers: 16 KiB at most with the address.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'Send the request faster, or look after the network.'],
}
