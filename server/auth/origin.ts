import { AsyncLocalStorage } from 'node:async_hooks'
import type { Identity } from './identity.ts'

/** Where what is being done was asked for. */
export interface RequestOrigin {
  /** The caller's address, trusted proxies seen through; empty for the server itself. */
  readonly address: string
  readonly requestId: string
  /** What the program that asks calls itself; at most 300 characters. */
  readonly userAgent: string
  /** What was asked for: `POST /api/v1/users/:id`. Absent for the server itself. */
  readonly route?: string
}

/** Who asks is found out while the request is answered already. */
interface Asking {
  readonly origin: RequestOrigin
  caller: Identity | null
}

const storage = new AsyncLocalStorage<Asking>()

/** Does `work` on behalf of a request: what is recorded meanwhile says so. */
export function onBehalfOf<T>(origin: RequestOrigin, work: () => T): T {
  return storage.run({ origin, caller: null }, work)
}

/** The request that is being answered, or the server itself. */
export function requestOrigin(): RequestOrigin {
  return storage.getStore()?.origin ?? nobody
}

/** Says who sent the request that is being answered: what is recorded from here on is done by them. */
export function askedBy(caller: Identity): void {
  const asking = storage.getStore()
  if (asking !== undefined) asking.caller = caller
}

/** Who sent the request that is being answered; null while that is not known. */
export function requestCaller(): Identity | null {
  return storage.getStore()?.caller ?? null
}

const nobody: RequestOrigin = { address: '', requestId: '', userAgent: '' }
