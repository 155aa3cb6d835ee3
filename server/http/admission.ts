import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ProblemCode, problemDocument } from '#protocol/problem.ts'
import type { Limits } from '#server/config/limits.ts'
import { countedAddress } from '#server/realtime/counted-address.ts'

/** How many requests are worked on at a time, all together and of one address. */
export interface Admission {
  /** Answers how to say that the request is done with; null when it has been refused, and answered. */
  admit(request: IncomingMessage, response: ServerResponse): (() => void) | null
}

export interface AdmissionOptions {
  readonly limits: Pick<Limits, 'requests_in_flight' | 'requests_in_flight_per_address'>
  readonly addressOf: (request: IncomingMessage) => string
  /** Whoever comes through the socket in the data folder is not counted. */
  readonly isLocal: (request: IncomingMessage) => boolean
}

/** Node leaves out what is beyond its own bound without a word, so fewer are told to come with less. */
const maxHeaders = 100

export function createAdmission({ limits, addressOf, isLocal }: AdmissionOptions): Admission {
  const { requests_in_flight: most, requests_in_flight_per_address: mostOfOne } = limits
  const byAddress = new Map<string, number>()
  let all = 0

  return {
    admit(request, response) {
      if (request.rawHeaders.length > maxHeaders * 2) {
        return refuse(response, 'headers_too_large', `Send fewer headers: ${maxHeaders} at most.`)
      }
      if (isLocal(request) || isHealth(request)) return () => {}
      if (all >= most) return refuse(response, 'unavailable', 'Too many requests at once. Try again in a second.')
      const key = mostOfOne === 0 ? null : countedAddress(addressOf(request))
      const here = key === null ? 0 : (byAddress.get(key) ?? 0)
      if (key !== null && here >= mostOfOne) {
        const sentence = 'Too many requests at once from this address. Send the next when one is answered.'
        return refuse(response, 'rate_limited', sentence)
      }
      all += 1
      if (key !== null) byAddress.set(key, here + 1)
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        all -= 1
        if (key === null) return
        const left = (byAddress.get(key) ?? 1) - 1
        if (left === 0) byAddress.delete(key)
        else byAddress.set(key, left)
      }
    },
  }
}

/** A server with much to do is not one that has to be restarted. */
function isHealth({ url = '' }: IncomingMessage): boolean {
  return url.startsWith('/health/')
}

function refuse(response: ServerResponse, code: ProblemCode, detail: string): null {
  const document = problemDocument(code, detail)
  // What is left of the body is not waited for.
  const headers = { 'content-type': 'application/problem+json', connection: 'close' }
  const wait = document.status === 431 ? {} : { 'retry-after': '1' }
  response.writeHead(document.status, { ...headers, ...wait }).end(JSON.stringify(document))
  return null
}
