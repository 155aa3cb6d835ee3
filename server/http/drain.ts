import type { IncomingMessage, ServerResponse } from 'node:http'

/** Counts the requests under way, so that stopping can wait for their answers. */
export interface Drain {
  /** A listener for a server's `request`. */
  readonly count: (request: IncomingMessage, response: ServerResponse) => void
  /** Resolves when no request is under way, or after `limitMs`. */
  empty(limitMs: number): Promise<void>
}

export function createDrain(): Drain {
  let underWay = 0
  let whenEmpty: (() => void) | undefined
  return {
    count(_request, response) {
      underWay++
      response.once('close', () => {
        underWay--
        if (underWay === 0) whenEmpty?.()
      })
    },
    empty: (limitMs) =>
      new Promise((resolve) => {
        if (underWay === 0) return resolve()
        const timer = setTimeout(resolve, limitMs)
        whenEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}
