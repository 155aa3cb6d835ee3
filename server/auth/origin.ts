import { AsyncLocalStorage } from 'node:async_hooks'

/** Where what is being done was asked for. */
export interface RequestOrigin {
  /** The caller's address, trusted proxies seen through; empty for the server itself. */
  readonly address: string
  readonly requestId: string
  /** What the program that asks calls itself; at most 300 characters. */
  readonly userAgent: string
}

const storage = new AsyncLocalStorage<RequestOrigin>()

/** Does `work` on behalf of a request: what is recorded meanwhile says so. */
export function onBehalfOf<T>(origin: RequestOrigin, work: () => T): T {
  return storage.run(origin, work)
}

/** The request that is being answered, or the server itself. */
export function requestOrigin(): RequestOrigin {
  return storage.getStore() ?? nobody
}

const nobody: RequestOrigin = { address: '', requestId: '', userAgent: '' }
