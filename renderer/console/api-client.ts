import { z } from 'zod'
import {
  type ChannelsAnswer,
  channelsAnswer,
  type Me,
  me,
  page,
  type SetupRequest,
  serverInfo,
  ticketAnswer,
} from '#protocol/api.ts'
import { type ClientDetail, type ClientView, clientDetail, clientView } from '#protocol/clients.ts'
import { type DeviceView, deviceView, type EnrolmentView, enrolmentView } from '#protocol/devices.ts'
import { publishAnswer } from '#protocol/publications.ts'
import { type AccountApi, createAccountApi } from './account/account-api.ts'
import { createPasskeyApi, type PasskeyApi } from './account/passkey-api.ts'
import { type AdministrationApi, createAdministrationApi } from './administration/administration-api.ts'
import { ApiError } from './api-error.ts'
import { type AskOptions, createAsk } from './ask.ts'
import { createOauthApi, type OauthApi } from './oauth/oauth-api.ts'
import { queryOf } from './query-of.ts'
import { createScreensApi, type ScreensApi } from './screens/screens-api.ts'
import { createTasksApi, type TasksApi } from './tasks/tasks-api.ts'
import type { Page } from './use-list.ts'

/** Everything the console asks the server over HTTP. Every verb throws `ApiError`. */
export interface ApiClient {
  /** One's own sessions, factors, keys and grants. */
  readonly account: AccountApi
  readonly passkeys: PasskeyApi
  /** Of everybody. */
  readonly administration: AdministrationApi
  /** What one lets other services do. */
  readonly oauth: OauthApi
  readonly tasks: TasksApi
  /** One screen, and what it is told. */
  readonly screens: ScreensApi
  /** Who is signed in, or null. */
  me(): Promise<Me | null>
  /** Whether there is an administrator already. */
  isSetUp(): Promise<boolean>
  checkSetup(token: string): Promise<void>
  setUp(request: SetupRequest): Promise<void>
  signOut(): Promise<void>
  devices(cursor: string | null): Promise<Page<DeviceView>>
  removeDevice(id: string): Promise<void>
  enrolment(code: string): Promise<EnrolmentView>
  /** `pin` opens the pane at the screen; without one it has none. */
  approve(code: string, name: string, pin?: string): Promise<void>
  deny(code: string): Promise<void>
  clients(search: string, cursor: string | null): Promise<Page<ClientView>>
  client(id: string): Promise<ClientDetail>
  /** `staysAway`: it does not come back by itself. */
  disconnectClient(id: string, staysAway: boolean): Promise<void>
  channels(): Promise<ChannelsAnswer>
  /** Resolves when the server has the publication and will deliver it. */
  publish(channel: string, data: unknown): Promise<void>
  /** Opens one socket, once, within 20 s. */
  ticket(): Promise<string>
}

export function createApiClient(options: AskOptions = {}): ApiClient {
  const ask = createAsk(options)
  const nothing = z.unknown()

  return {
    account: createAccountApi(ask),
    passkeys: createPasskeyApi(ask),
    administration: createAdministrationApi(ask),
    oauth: createOauthApi(ask),
    tasks: createTasksApi(ask),
    screens: createScreensApi(ask),
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
    signOut: async () => {
      await ask('POST', '/api/auth/sign-out', nothing, {})
    },
    devices: (cursor) => ask('GET', `/api/v1/devices${queryOf({ cursor })}`, page(deviceView)),
    removeDevice: async (id) => {
      await ask('DELETE', `/api/v1/devices/${encodeURIComponent(id)}`, nothing)
    },
    enrolment: (code) => ask('GET', `/api/v1/enrolments/${encodeURIComponent(code)}`, enrolmentView),
    approve: async (code, name, pin) => {
      const body = { name, ...(pin !== undefined && { pin }) }
      await ask('POST', `/api/v1/enrolments/${encodeURIComponent(code)}/approve`, nothing, body)
    },
    deny: async (code) => {
      await ask('POST', `/api/v1/enrolments/${encodeURIComponent(code)}/deny`, nothing)
    },
    clients: (search, cursor) => ask('GET', `/api/v1/clients${queryOf({ search, cursor })}`, page(clientView)),
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
