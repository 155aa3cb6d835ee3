import { z } from 'zod'
import { type SessionView, sessionView } from '#protocol/account.ts'
import { page } from '#protocol/api.ts'
import { type AuditFilter, type AuditView, auditView } from '#protocol/audit.ts'
import { type WaitingEnrolment, waitingEnrolment } from '#protocol/devices.ts'
import { type KeyView, keyView } from '#protocol/keys.ts'
import {
  type OauthClientAnswer,
  type OauthClientRequest,
  type OauthClientView,
  oauthClientAnswer,
  oauthClientView,
} from '#protocol/oauth.ts'
import type { PersonRole } from '#protocol/roles.ts'
import { type PasswordLink, passwordLink, type UserChange, type UserView, userView } from '#protocol/users.ts'
import type { Ask } from '../ask.ts'
import { queryOf } from '../query-of.ts'
import type { Page } from '../use-list.ts'

/** What is done to an account with one request that answers nothing. */
export type UserAction = 'disable' | 'enable' | 'unlock' | 'sign-out' | 'reset-second-factor'

export interface NewUser {
  readonly email: string
  readonly name: string
  readonly role: PersonRole
}

/** What those ask who look after a server. Every verb throws `ApiError`. */
export interface AdministrationApi {
  users(search: string, cursor: string | null): Promise<Page<UserView>>
  /** Answers the link with which they choose a password. */
  addUser(user: NewUser): Promise<PasswordLink>
  changeUser(id: string, change: UserChange): Promise<void>
  userAction(id: string, action: UserAction): Promise<void>
  resetPassword(id: string): Promise<PasswordLink>
  /** Where they are signed in. */
  sessions(id: string): Promise<Page<SessionView>>
  removeUser(id: string): Promise<void>
  keys(cursor: string | null): Promise<Page<KeyView>>
  services(cursor: string | null): Promise<Page<OauthClientView>>
  addService(service: OauthClientRequest): Promise<OauthClientAnswer>
  changeService(id: string, change: Partial<Omit<OauthClientRequest, 'kind'>> & { disabled?: boolean }): Promise<void>
  rotateSecret(id: string): Promise<OauthClientAnswer>
  removeService(id: string): Promise<void>
  audit(filter: AuditFilter, cursor: string | null): Promise<Page<AuditView>>
  waitingScreens(): Promise<Page<WaitingEnrolment>>
  rotateDevice(id: string): Promise<void>
}

export function createAdministrationApi(ask: Ask): AdministrationApi {
  const nothing = z.unknown()
  const of = (resource: string, id: string, action = '') =>
    `/api/v1/${resource}/${encodeURIComponent(id)}${action === '' ? '' : `/${action}`}`
  const list = <T>(path: string, item: z.ZodType<T>, given: Readonly<Record<string, string | null | undefined>>) =>
    ask('GET', `/api/v1/${path}${queryOf(given)}`, page(item))

  return {
    users: (query, cursor) => list('users', userView, { query, cursor }),
    addUser: async (user) => {
      const answer = await ask('POST', '/api/v1/users', z.object({ passwordLink }), user)
      return answer.passwordLink
    },
    changeUser: async (id, change) => void (await ask('PATCH', of('users', id), nothing, change)),
    userAction: async (id, action) => void (await ask('POST', of('users', id, action), nothing)),
    resetPassword: (id) => ask('POST', of('users', id, 'reset-password'), passwordLink),
    sessions: (id) => ask('GET', of('users', id, 'sessions'), page(sessionView)),
    removeUser: async (id) => void (await ask('DELETE', of('users', id), nothing)),
    keys: (cursor) => list('keys', keyView, { cursor }),
    services: (cursor) => list('oauth/clients', oauthClientView, { cursor }),
    addService: (service) => ask('POST', '/api/v1/oauth/clients', oauthClientAnswer, service),
    changeService: async (id, change) => void (await ask('PATCH', of('oauth/clients', id), nothing, change)),
    rotateSecret: (id) => ask('POST', of('oauth/clients', id, 'rotate-secret'), oauthClientAnswer),
    removeService: async (id) => void (await ask('DELETE', of('oauth/clients', id), nothing)),
    audit: (filter, cursor) => list('audit', auditView, { ...filter, cursor }),
    waitingScreens: () => list('enrolments', waitingEnrolment, {}),
    rotateDevice: async (id) => void (await ask('POST', of('devices', id, 'rotate'), nothing)),
  }
}
