import { expect, test } from 'vitest'
import { createApiClient } from './api-client.ts'
import { ApiError } from './api-error.ts'

interface Asked {
  readonly path: string
  readonly init: RequestInit
}

/** A client whose server answers once, and what was asked of it. */
function client(status: number, body: unknown) {
  const asked: Asked[] = []
  const fetch = (async (path: string, init: RequestInit) => {
    asked.push({ path, init })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return new Response(status === 204 ? null : text, { status })
  }) as typeof globalThis.fetch
  return { api: createApiClient({ fetch }), asked }
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ApiError)
  return error as ApiError
}

const forbidden = {
  type: 'about:blank',
  title: 'Not allowed',
  status: 403,
  code: 'forbidden',
  detail: 'This needs the role admin or operator; yours is viewer.',
}

test('an answer is parsed before it is used', async () => {
  const { api } = client(200, { ticket: 'abc', expiresIn: 20 })
  expect(await api.ticket()).toBe('abc')
})

test('an answer of another shape is an error and not a surprise later', async () => {
  const { api } = client(200, { tickets: [] })
  expect(await failure(api.ticket())).toMatchObject({ code: 'bad_answer' })
})

test('a page that is not JSON is an error', async () => {
  const { api } = client(200, '<!doctype html>')
  expect(await failure(api.devices(null))).toMatchObject({ code: 'bad_answer' })
})

test('a problem document keeps its code and its sentence', async () => {
  const { api } = client(403, forbidden)
  expect(await failure(api.approve('WDJB-MJHT', 'lobby-1'))).toMatchObject({
    code: 'forbidden',
    title: 'Not allowed',
    message: 'This needs the role admin or operator; yours is viewer.',
  })
})

test.each([
  ['17', 17_000],
  [null, null],
  ['Wed, 21 Oct 2026 07:28:00 GMT', null],
])('how long to wait is known when the server says it in seconds: %s', async (header, retryAfterMs) => {
  const body = JSON.stringify({ ...forbidden, status: 429, code: 'rate_limited' })
  const headers: Record<string, string> = header === null ? {} : { 'retry-after': header }
  const fetch = (async () => new Response(body, { status: 429, headers })) as typeof globalThis.fetch
  expect(await failure(createApiClient({ fetch }).channels())).toMatchObject({ code: 'rate_limited', retryAfterMs })
})

test('the sentence of each invalid field is found by its name', async () => {
  const errors = [{ path: 'name', message: 'A device name is 1 to 63 small letters.' }]
  const { api } = client(400, { ...forbidden, status: 400, code: 'bad_request', errors })
  expect((await failure(api.approve('WDJB-MJHT', ''))).fields).toEqual({
    name: 'A device name is 1 to 63 small letters.',
  })
})

test('nobody signed in is an answer, and a forbidden one is an error', async () => {
  const unauthorized = client(401, { ...forbidden, status: 401, code: 'unauthorized' })
  expect(await unauthorized.api.me()).toBeNull()
  const refused = client(403, forbidden)
  expect(await failure(refused.api.me())).toMatchObject({ code: 'forbidden' })
})

test('a server that does not answer is unreachable', async () => {
  const fetch = (() => Promise.reject(new TypeError('Failed to fetch'))) as typeof globalThis.fetch
  const error = await failure(createApiClient({ fetch }).me())
  expect(error).toMatchObject({ code: 'unreachable' })
  expect(error.cause).toBeInstanceOf(TypeError)
})

test('a server that takes too long is unreachable', async () => {
  const fetch = ((_path: string, init: RequestInit) =>
    new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })) as typeof globalThis.fetch
  expect(await failure(createApiClient({ fetch, timeoutMs: 5 }).me())).toMatchObject({ code: 'unreachable' })
})

test('an empty answer is enough where nothing is expected', async () => {
  const { api, asked } = client(204, '')
  await api.removeDevice('a/b')
  expect(asked[0]).toMatchObject({ path: '/api/v1/devices/a%2Fb', init: { method: 'DELETE' } })
  expect(asked[0]?.init.body).toBeUndefined()
})

test.each([
  [103, 'permission denied', 'forbidden', 'You may not publish to this channel.'],
  [
    102,
    'The channel x:y is outside every namespace.',
    'unknown_channel',
    'The channel x:y is outside every namespace.',
  ],
])('a publication refused with %i is an error although the status is 200', async (code, said, name, message) => {
  const { api } = client(200, { error: { code, message: said } })
  expect(await failure(api.publish('x:y', {}))).toMatchObject({ code: name, message })
})
