import { z } from 'zod'
import {
  type AccessTokenAnswer,
  accessTokenAnswer,
  type Me,
  me,
  type ServerInfo,
  serverInfo,
  starsAnswer,
  type TokenAnswer,
  tokenAnswer,
} from '#protocol/api.ts'
import { type DeviceSettings, deviceSettings } from '#protocol/device-settings.ts'
import {
  type CredentialStorage,
  type DeviceCredential,
  deviceCredential,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  type EnrolmentTokenAnswer,
  enrolmentAnswer,
  enrolmentTokenAnswer,
} from '#protocol/devices.ts'
import { type ProblemCode, problem, problems } from '#protocol/problem.ts'
import { ServerError } from './server-error.ts'
import { notCarillon, redirected, unreachable } from './server-trouble.ts'

/** What the app asks of a server over HTTP. Everything rejects with a `ServerError` and nothing else. */
/** `code` where the account has a second factor. */
export interface SignInCredentials {
  readonly email: string
  readonly password: string
  readonly code?: string
}

export interface ServerApi {
  readonly origin: string
  /** Whether a Carillon server answers there: `server_unreachable` or `not_carillon` otherwise. */
  check(signal?: AbortSignal): Promise<ServerInfo>
  signIn(credentials: SignInCredentials, signal?: AbortSignal): Promise<TokenAnswer>
  /** Ends the session behind the token. */
  signOut(token: string, signal?: AbortSignal): Promise<void>
  /** Trades the session token for a JWT that opens a socket. */
  accessToken(token: string, signal?: AbortSignal): Promise<AccessTokenAnswer>
  me(token: string, signal?: AbortSignal): Promise<Me>
  stars(token: string, signal?: AbortSignal): Promise<readonly string[]>
  star(token: string, channel: string, signal?: AbortSignal): Promise<void>
  unstar(token: string, channel: string, signal?: AbortSignal): Promise<void>
  /** A file that a task wrote, of whatever size. */
  taskFile(token: string, id: string, name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  enrol(request: EnrolmentRequest, signal?: AbortSignal): Promise<EnrolmentAnswer>
  /** A new credential for the device behind this one, which ends when the new one is first used. */
  deviceCredential(token: string, storage: CredentialStorage, signal?: AbortSignal): Promise<DeviceCredential>
  /** Tells where the device keeps its credential. */
  reportDevice(token: string, storage: CredentialStorage, signal?: AbortSignal): Promise<void>
  enrolmentToken(deviceCode: string, signal?: AbortSignal): Promise<EnrolmentTokenAnswer>
  /** What the server tells the device behind this credential of itself. */
  deviceSettings(token: string, signal?: AbortSignal): Promise<DeviceSettings>
  /** Whether these digits, of an operator, open the pane of the device behind the credential. A right answer is given once. */
  redeemPaneCode(token: string, code: string, signal?: AbortSignal): Promise<boolean>
  /** The picture that a command asked for. It may be large: the signal bounds it. */
  sendScreenshot(token: string, id: string, png: Buffer, signal: AbortSignal): Promise<void>
}

export interface ServerApiOptions {
  readonly origin: string
  /** What this program calls itself where sessions are listed: `carillon-desktop/1.0`. */
  readonly userAgent?: string
  /** Milliseconds for a whole exchange; 10,000 unless told otherwise. */
  readonly timeout?: number
}

/** Largest answer read, in bytes. */
const maxAnswerBytes = 1024 * 1024

export function createServerApi({ origin, userAgent = 'carillon', timeout = 10_000 }: ServerApiOptions): ServerApi {
  function send(call: Omit<Call<z.ZodType>, 'answer'>, signal: AbortSignal): Promise<Response> {
    return fetch(`${origin}${call.path}`, {
      method: call.method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        origin,
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.png === undefined ? {} : { 'content-type': 'image/png' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.png === undefined ? {} : { body: new Uint8Array(call.png) }),
      signal,
    })
  }

  async function ask<S extends z.ZodType>(call: Call<S>, signal?: AbortSignal): Promise<z.infer<S>> {
    const limit = AbortSignal.timeout(timeout)
    try {
      const response = await send(call, signal === undefined ? limit : AbortSignal.any([limit, signal]))
      return await read(response, call.answer, origin)
    } catch (error) {
      if (error instanceof ServerError) throw error
      throw unreachable(error, origin, limit.aborted ? timeout : null)
    }
  }

  /** As `ask`, of something that takes as long as it takes: the signal bounds the whole of it. */
  async function transfer<S extends z.ZodType>(call: Call<S>, signal: AbortSignal): Promise<z.infer<S>> {
    try {
      return await read(await send(call, signal), call.answer, origin)
    } catch (error) {
      throw error instanceof ServerError ? error : unreachable(error, origin, null)
    }
  }

  /** The signal bounds the whole of it. */
  async function open(call: Omit<Call<z.ZodType>, 'answer'>, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    try {
      const response = await send(call, signal)
      if (!response.ok || response.body === null) await read(response, z.never(), origin)
      return response.body as AsyncIterable<Uint8Array>
    } catch (error) {
      if (error instanceof ServerError) throw error
      throw unreachable(error, origin, null)
    }
  }
  const star = (channel: string) => `/api/v1/stars/${encodeURIComponent(channel)}`
  return {
    origin,
    check: (signal) => ask({ method: 'GET', path: '/.well-known/carillon', answer: serverInfo }, signal),
    signIn: (body, signal) => ask({ method: 'POST', path: '/api/v1/token', body, answer: tokenAnswer }, signal),
    signOut: (token, signal) => ask({ method: 'DELETE', path: '/api/v1/token', token, answer: nothing }, signal),
    accessToken: (token, signal) =>
      ask({ method: 'POST', path: '/api/v1/access-tokens', token, answer: accessTokenAnswer }, signal),
    me: (token, signal) => ask({ method: 'GET', path: '/api/v1/me', token, answer: me }, signal),
    stars: async (token, signal) =>
      (await ask({ method: 'GET', path: '/api/v1/stars', token, answer: starsAnswer }, signal)).channels,
    star: (token, channel, signal) => ask({ method: 'PUT', path: star(channel), token, answer: nothing }, signal),
    unstar: (token, channel, signal) => ask({ method: 'DELETE', path: star(channel), token, answer: nothing }, signal),
    deviceCredential: (token, storage, signal) => {
      const call = { method: 'POST', path: '/api/v1/devices/me/credential', token, body: { storage } } as const
      return ask({ ...call, answer: deviceCredential }, signal)
    },
    reportDevice: (token, storage, signal) =>
      ask({ method: 'PATCH', path: '/api/v1/devices/me', token, body: { storage }, answer: nothing }, signal),
    taskFile: (token, id, name, signal) =>
      open({ method: 'GET', path: `/api/v1/tasks/${id}/files/${encodeURIComponent(name)}`, token }, signal),
    enrol: (body, signal) => ask({ method: 'POST', path: '/api/v1/enrolments', body, answer: enrolmentAnswer }, signal),
    enrolmentToken: (deviceCode, signal) => {
      const body = { device_code: deviceCode }
      return ask({ method: 'POST', path: '/api/v1/enrolments/token', body, answer: enrolmentTokenAnswer }, signal)
    },
    deviceSettings: (token, signal) =>
      ask({ method: 'GET', path: '/api/v1/devices/me/settings', token, answer: deviceSettings }, signal),
    redeemPaneCode: (token, code, signal) => {
      const call = { method: 'POST', path: '/api/v1/devices/me/pane-code', token, body: { code } } as const
      return ask({ ...call, answer: nothing }, signal).then(() => true, isWrongCode)
    },
    sendScreenshot: (token, id, png, signal) =>
      transfer({ method: 'PUT', path: `/api/v1/devices/me/screenshots/${id}`, token, png, answer: nothing }, signal),
  }
}

interface Call<S extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly token?: string
  readonly body?: unknown
  /** Sent instead of a body of JSON. */
  readonly png?: Buffer
  readonly answer: S
}

function isWrongCode(error: unknown): false {
  if (error instanceof ServerError && error.code === 'wrong_code') return false
  throw error
}

/** For answers whose status says it all. */
const nothing = z.unknown().transform((): void => undefined)

async function read<S extends z.ZodType>(response: Response, schema: S, origin: string): Promise<z.infer<S>> {
  const text = await boundedText(response, origin)
  if (response.status >= 300 && response.status < 400) throw redirected(response, origin)
  const body = parseJson(text)
  if (!response.ok) throw refused(response, body, origin)
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw notCarillon(origin, 'its answer is not one that a Carillon server gives')
  return parsed.data
}

async function boundedText(response: Response, origin: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxAnswerBytes) throw notCarillon(origin, 'its answer has no end')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refused(response: Response, body: unknown, origin: string): ServerError {
  const parsed = problem.safeParse(body)
  if (parsed.success && isProblemCode(parsed.data.code)) return new ServerError(parsed.data.code, parsed.data.detail)
  if (parsed.success) return new ServerError('bad_request', parsed.data.detail)
  if (response.status < 500) return notCarillon(origin, `it answered with status ${response.status}`)
  return new ServerError(
    'server_unreachable',
    `The server behind ${origin} is not working: what stands before it answered with status ${response.status}. Try again in a while.`,
  )
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the schema refuses it
  }
}
