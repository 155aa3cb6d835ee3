import type { FetchImplementation } from 'jose'

/** Largest answer that is read, in bytes: some hundred keys. */
const maxBytes = 256 * 1024

/** What anybody sends may cause a question to the site, and while those fail each of them would. In milliseconds. */
const pauseMs = 1_000

/**
 * Asks for the site's keys: at the configured address and nowhere it might point to, within the time that `jose` gives,
 * and reading no more than keys can be.
 */
export function createKeySetFetch(clock: () => number): FetchImplementation {
  let askedAt = Number.NEGATIVE_INFINITY
  return async (url, options) => {
    if (clock() - askedAt < pauseMs) throw new Error('The keys of the site could not be had a moment ago.')
    askedAt = clock()
    const response = await fetch(url, { ...options, redirect: 'manual' })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`The site answers ${response.status} instead of 200 OK when it is asked for its keys.`)
    }
    return new Response(await boundedBody(response), { headers: { 'content-type': 'application/json' } })
  }
}

async function boundedBody({ body }: Response): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  // Leaving the loop cancels what is left.
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error(`The keys of the site are larger than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return new Blob(chunks)
}
