import { z } from 'zod'
import {
  type ChannelsAnswer,
  type ClientDetail,
  type ClientView,
  channelsAnswer,
  clientDetail,
  clientView,
  type DeviceView,
  deviceView,
  type EnrolmentView,
  enrolmentView,
  type Me,
  me,
  page,
  publishAnswer,
  type SetupRequest,
  serverInfo,
  ticketAnswer,
} from '#protocol/api.ts'
import { problem } from '#protocol/problem.ts'
import { ApiError } from './api-error.ts'

/** Everything the console asks the server over HTTP. Every verb throws `ApiError`. */
export interface ApiClient {
  /** Who is signed in, or null. */
  me(): Promise<Me | null>
  /** Whether there is an administrator already. */
  isSetUp(): Promise<boolean>
  checkSetup(token: string): Promise<void>
  setUp(request: SetupRequest): Promise<void>
  signIn(email: string, password: string): Promise<void>
  signOut(): Promise<void>
  devices(cursor: string | null): Promise<{ readonly items: readonly DeviceView[]; readonly next: string | null }>
  removeDevice(id: string): Promise<void>
  enrolment(code: string): Promise<EnrolmentView>
  approve(code: string, name: string): Promise<void>
  deny(code: string): Promise<void>
  clients(
    search: string,
    cursor: string | null,
  ): Promise<{ readonly items: readonly ClientView[]; readonly next: string | null }>
  client(id: string): Promise<ClientDetail>
  /** `staysAway`: it does not come back by itself. */
  disconnectClient(id: string, staysAway: boolean): Promise<void>
  channels(): Promise<ChannelsAnswer>
  /** Resolves when the server has the publication and will deliver it. */
  publish(channel: string, data: unknown): Promise<void>
  /** Opens one socket, once, within 20 s. */
  ticket(): Promise<string>
}

export interface ApiClientOptions {
  readonly fetch?: typeof fetch
  /** Longest wait for an answer, in milliseconds. */
  readonly timeoutMs?: number
}

export function createApiClient({ fetch = globalThis.fetch, timeoutMs = 15_000 }: ApiClientOptions = {}): ApiClient {
  async function ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const response = await fetch(path, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new ApiError(unreachable, { cause })
    })
    const text = await response.text().catch((cause: unknown) => {
      throw new ApiError(unreachable, { cause })
    })
    const json = parseJson(text)
    if (!response.ok) throw refusal(response, json)
    const answer = schema.safeParse(json)
    if (!answer.success) throw new ApiError(badAnswer, { cause: answer.error })
    return answer.data
  }
  const nothing = z.unknown()

  return {
    me: () =>
      ask('GET', '/api/v1/me', me).catch((error: unknown) => {
        if (error instanceof ApiError && (error.is('unauthorized') || error.is('invalid_token'))) return null
        throw error
      }),
    isSetUp: async () => (await ask('GET', '/.well-known/carillon', serverInfo)).setUp,
    checkSetup: async (token) => {
      await ask('GET', `/api/v1/setup?token=${encodeURIComponent(token)}`, nothing)
    },
    setUp: async (request) => {
      await ask('POST', '/api/v1/setup', nothing, request)
    },
    signIn: async (email, password) => {
      await ask('POST', '/api/v1/sign-in', nothing, { email, password })
    },
    signOut: async () => {
      await ask('POST', '/api/auth/sign-out', nothing, {})
    },
    devices: (cursor) =>
      ask('GET', `/api/v1/devices${cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`}`, page(deviceView)),
    removeDevice: async (id) => {
      await ask('DELETE', `/api/v1/devices/${encodeURIComponent(id)}`, nothing)
    },
    enrolment: (code) => ask('GET', `/api/v1/enrolments/${encodeURIComponent(code)}`, enrolmentView),
    approve: async (code, name) => {
      await ask('POST', `/api/v1/enrolments/${encodeURIComponent(code)}/approve`, nothing, { name })
    },
    deny: async (code) => {
      await ask('POST', `/api/v1/enrolments/${encodeURIComponent(code)}/deny`, nothing)
    },
    clients: (search, cursor) => {
      const query = new URLSearchParams({ ...(search && { search }), ...(cursor !== null && { cursor }) })
      return ask('GET', `/api/v1/clients${query.size === 0 ? '' : `?${query}`}`, page(clientView))
    },
    client: (id) => ask('GET', `/api/v1/clients/${encodeURIComponent(id)}`, clientDetail),
    disconnectClient: async (id, staysAway) => {
      await ask('DELETE', `/api/v1/clients/${encodeURIComponent(id)}${staysAway ? '?stay_away=true' : ''}`, nothing)
    },
    channels: () => ask('GET', '/api/v1/channels', channelsAnswer),
    publish: async (channel, data) => {
      const answer = await ask('POST', '/api/publish', publishAnswer, { channel, data })
      if ('error' in answer) throw new ApiError(publishProblem(answer.error))
    },
    ticket: async () => (await ask('POST', '/api/v1/tickets', ticketAnswer, {})).ticket,
  }
}

const unreachable = {
  code: 'unreachable',
  title: 'The server does not answer',
  detail:
    'The server does not answer. Check that it is running and that this computer is on the network, then try again.',
}
const badAnswer = {
  code: 'bad_answer',
  title: 'The server answered something unexpected',
  detail: 'The server answered something this page does not understand. Reload the page; the server may be newer.',
}

function refusal(response: Response, body: unknown): ApiError {
  const said = problem.safeParse(body)
  if (said.success) return new ApiError(said.data)
  return new ApiError(response.status >= 500 ? unreachable : badAnswer)
}

/** The sentences for the numbers of the realtime protocol that a publisher can meet. */
function publishProblem({ code, message }: { code: number; message: string }) {
  const title = 'Not published'
  if (code === 102) return { code: 'unknown_channel', title, detail: said(message, 'No namespace has this channel.') }
  if (code === 103) return { code: 'forbidden', title, detail: said(message, 'You may not publish to this channel.') }
  if (code === 111) return { code: 'rate_limited', title, detail: said(message, 'Too many messages. Try again later.') }
  return { code: 'bad_request', title, detail: said(message, 'The server did not take it.') }
}

/** The server's own sentence, unless it is only the bare name of the error. */
function said(message: string, fallback: string): string {
  return message.includes(' ') && message.endsWith('.') ? message : fallback
}

function parseJson(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: no schema accepts it
  }
}
