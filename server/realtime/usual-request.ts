import type { ConnectRequest, SubscribeRequest } from '#protocol/client-protocol.ts'

/**
 * A request that consists of nothing but the few fields nearly all of them do, each as its schema wants it: then the
 * schema need not be asked, which costs as much as all the rest of a command. Null for any other: it may be as good.
 */
export function usualRequest(name: keyof typeof usual, value: unknown): ConnectRequest | SubscribeRequest | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const tests = usual[name]
  const request = value as Record<string, unknown>
  if (name === 'subscribe' && !Object.hasOwn(request, 'channel')) return null
  for (const field of Object.keys(request)) if (tests.get(field)?.(request[field]) !== true) return null
  return value as ConnectRequest | SubscribeRequest
}

type Test = (value: unknown) => boolean

const isShort: Test = (value: unknown) => typeof value === 'string' && value.length <= 64
const isToken: Test = (value: unknown) => typeof value === 'string' && value.length <= 16_384
const isBoolean: Test = (value: unknown) => typeof value === 'boolean'

const usual = {
  connect: new Map<string, Test>([
    ['token', isToken],
    ['name', isShort],
    ['version', isShort],
  ]),
  subscribe: new Map<string, Test>([
    ['channel', (value: unknown) => typeof value === 'string'],
    ['token', isToken],
    ['recover', isBoolean],
    ['positioned', isBoolean],
    ['recoverable', isBoolean],
    ['join_leave', isBoolean],
    ['epoch', isShort],
    ['offset', (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0],
    ['flag', Number.isSafeInteger],
  ]),
}
