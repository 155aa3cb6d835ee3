import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Admission } from './admission.ts'
import type { Drain } from './drain.ts'

export interface ServeParts {
  readonly admission: Admission
  readonly drain: Drain
  /** Null for a request that is for no stream; resolves when the stream has begun or will not. */
  readonly streams: (request: IncomingMessage, response: ServerResponse) => Promise<void> | null
  readonly routing: RequestListener
}

/** A listener for a server's `request`: the way to what answers it. */
export function createServe({ admission, drain, streams, routing }: ServeParts): RequestListener {
  return (request, response) => {
    const release = admission.admit(request, response)
    if (release === null) return
    const opening = streams(request, response)
    if (opening !== null) {
      // What never ends by itself is neither counted any longer nor waited for.
      void opening.finally(release)
      return
    }
    response.once('close', release)
    drain.count(request, response)
    routing(request, response)
  }
}
