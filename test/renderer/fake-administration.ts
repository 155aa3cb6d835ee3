import type { AuditView } from '#protocol/audit.ts'
import type { DeviceView, WaitingEnrolment } from '#protocol/devices.ts'
import type { OauthClientView } from '#protocol/oauth.ts'
import type { UserView } from '#protocol/users.ts'
import { send, sendProblem } from './fake-answers.ts'
import type { Route } from './fake-server.ts'

/** What the fake server shows to those who administer it. */
export interface FakeAdministration {
  users: UserView[]
  services: OauthClientView[]
  audit: AuditView[]
  waiting: WaitingEnrolment[]
}

export const passwordLink = {
  link: 'https://carillon.example.org/reset?token=Yp3wq0Jd8m1dVQpW6ZlN4c2m1yC0wq9vS7x',
  expiresAt: new Date(Date.now() + 24 * 60 * 60_000).toISOString(),
}

export function createAdministration(): FakeAdministration {
  return { users: [], services: [], audit: [], waiting: [] }
}

/** In pages of three, so that there is a next one. */
function sendPage(response: Parameters<Route>[1], items: readonly unknown[], query: URLSearchParams): void {
  const from = Number(query.get('cursor') ?? 0)
  const next = from + 3 < items.length ? String(from + 3) : null
  send(response, 200, { items: items.slice(from, from + 3), next })
}

const done: Route = (_world, response) => send(response, 204, null)

/** The route of a request, and the id in its path. */
export function administrationRoute(method: string, pathname: string): { readonly route?: Route; readonly id: string } {
  const id = /\/(?:users|clients|devices)\/([^/]+)/.exec(pathname)?.[1] ?? ''
  const route = administrationRoutes[`${method} ${id === '' ? pathname : pathname.replace(id, '{id}')}`]
  return { id, ...(route && { route }) }
}

/** By method and path; `{id}` stands for one of them. */
const administrationRoutes: Readonly<Record<string, Route>> = {
  'GET /api/v1/users': ({ administration: { users } }, response, _body, query) =>
    sendPage(
      response,
      users.filter(({ name, email }) => `${name} ${email}`.includes(query.get('query') ?? '')),
      query,
    ),
  'POST /api/v1/users': ({ administration: { users } }, response, body) => {
    const { email, name, role } = body as UserView
    const user: UserView = {
      ...{ id: `u${users.length + 1}`, email, name, role, disabled: false, lockedUntil: null },
      ...{ secondFactor: 'none', createdAt: new Date().toISOString(), lastSignInAt: null },
    }
    users.push(user)
    send(response, 201, { ...user, passwordLink })
  },
  'PATCH /api/v1/users/{id}': done,
  'DELETE /api/v1/users/{id}': (world, response, _body, _query, id) => {
    world.administration.users = world.administration.users.filter((user) => user.id !== id)
    send(response, 204, null)
  },
  'POST /api/v1/users/{id}/disable': done,
  'POST /api/v1/users/{id}/enable': done,
  'POST /api/v1/users/{id}/unlock': done,
  'POST /api/v1/users/{id}/sign-out': done,
  'POST /api/v1/users/{id}/reset-second-factor': done,
  'GET /api/v1/users/{id}/sessions': ({ account }, response) =>
    send(response, 200, { items: account.sessions, next: null }),
  'POST /api/v1/users/{id}/reset-password': (_world, response) => send(response, 200, passwordLink),
  'GET /api/v1/oauth/clients': ({ administration: { services } }, response, _body, query) =>
    sendPage(response, services, query),
  'POST /api/v1/oauth/clients': ({ administration: { services } }, response, body) => {
    const service = body as OauthClientView
    const added = { ...service, id: 'Wv8dK2', disabled: false, createdAt: new Date().toISOString(), createdBy: 'Ada' }
    services.push(added)
    send(response, 201, { ...added, secret: service.kind === 'native' ? null : 'q4Vd9sLkW0hTzB7m' })
  },
  'PATCH /api/v1/oauth/clients/{id}': done,
  'DELETE /api/v1/oauth/clients/{id}': done,
  'POST /api/v1/oauth/clients/{id}/rotate-secret': ({ administration: { services } }, response) =>
    send(response, 200, { ...services[0], secret: 'Zr1mB5wQx8yPaT3c' }),
  'GET /api/v1/audit': ({ administration: { audit } }, response, _body, query) => {
    const who = query.get('actor') ?? ''
    const outcome = query.get('outcome')
    const found = audit.filter(
      (entry) => (entry.actor?.name ?? '').includes(who) && (outcome === null || entry.outcome === outcome),
    )
    sendPage(response, found, query)
  },
  'GET /api/v1/enrolments': ({ administration: { waiting } }, response, _body, query) =>
    sendPage(response, waiting, query),
  'POST /api/v1/devices/{id}/rotate': (world, response, _body, _query, id) => {
    const device = world.devices.find((one) => one.id === id)
    if (device === undefined) sendProblem(response, 'unknown_device', 'There is no such device.')
    else {
      world.devices = world.devices.map((one): DeviceView => (one === device ? { ...one, rotating: true } : one))
      send(response, 204, null)
    }
  },
}
