import { randomUUID } from 'node:crypto'
import type { DeviceCommandDetail } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { send, sendProblem } from './fake-answers.ts'
import type { Route } from './fake-server.ts'

/** What the fake server knows of what screens were told. */
export interface FakeScreens {
  /** The newest first. */
  commands: DeviceCommandDetail[]
  /** What every screenshot shows. */
  png: Buffer
}

export function createFakeScreens(): FakeScreens {
  return { commands: [], png: Buffer.alloc(0) }
}

/** The route of a request, and the id of the device in its path. */
export function screenRoute(method: string, pathname: string): { readonly route?: Route; readonly id: string } {
  const [, id = '', kind = ''] =
    /^\/api\/v1\/devices\/([^/]+)\/(commands|screenshots|pin|pane-code)/.exec(pathname) ?? []
  const route = screenRoutes[`${method} ${kind}${pathname.endsWith(kind) ? '' : '/one'}`]
  // Of one command its own id is meant.
  return { id: route === oneCommand ? (pathname.split('/').at(-1) ?? '') : id, ...(route && { route }) }
}

const oneCommand: Route = ({ screens: { commands } }, response, _body, _query, id) => {
  const command = commands.find((one) => one.id === id)
  if (command === undefined) sendProblem(response, 'unknown_command', 'This device has no such command.')
  else send(response, 200, command)
}

const screenRoutes: Readonly<Record<string, Route>> = {
  'GET commands': ({ screens: { commands } }, response, _body, query) => {
    const from = Number(query.get('cursor') ?? 0)
    const limit = Number(query.get('limit'))
    const next = from + limit < commands.length ? String(from + limit) : null
    send(response, 200, { items: commands.slice(from, from + limit).map(({ value: _, ...view }) => view), next })
  },
  'POST commands': ({ screens }, response, body, _query, id) => {
    const { command, args = {} } = body as Pick<DeviceCommandDetail, 'command'> &
      Partial<Pick<DeviceCommandDetail, 'args'>>
    const sent = fakeCommand(0, { command, args, device: { id, name: id.replace(/^d-/, '') } })
    screens.commands = [sent, ...screens.commands]
    send(response, 202, sent)
  },
  'GET commands/one': oneCommand,
  'GET screenshots/one': ({ screens: { png } }, response) => {
    response.writeHead(200, { 'content-type': 'image/png' }).end(png)
  },
  'POST pane-code': (_world, response) => {
    send(response, 201, { code: '27182818', expiresAt: new Date(Date.now() + 300_000).toISOString() })
  },
  'PUT pin': (world, response, body, _query, id) => {
    const { pin } = body as { pin: string | null }
    world.devices = world.devices.map((one): DeviceView => (one.id === id ? { ...one, pin: pin !== null } : one))
    send(response, 204, null)
  },
}

/** A command that was sent so many milliseconds ago. */
export function fakeCommand(agoMs: number, more: Partial<DeviceCommandDetail> = {}): DeviceCommandDetail {
  const sentAt = Date.now() - agoMs
  return {
    id: randomUUID(),
    device: { id: 'd-lobby-1', name: 'lobby-1' },
    command: 'reload',
    args: {},
    state: 'sent',
    code: null,
    message: null,
    sentAt: new Date(sentAt).toISOString(),
    deadline: new Date(sentAt + 60_000).toISOString(),
    answeredAt: null,
    sentBy: 'Ada Lovelace',
    screenshot: false,
    value: null,
    ...more,
  }
}
