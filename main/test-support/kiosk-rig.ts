import { expect, onTestFinished, vi } from 'vitest'
import type { KioskState } from '#protocol/ipc.ts'
import type { Screen } from '#protocol/screen.ts'
import { createCredentials, type LastingStorage } from '../credentials.ts'
import { createKiosk } from '../kiosk.ts'
import { memoryLog } from '../log.ts'
import { createServerApi } from '../server-api.ts'
import { type FakeHost, fakeHost, memoryFiles } from './fake-host.ts'
import { type FakeKeychain, fakeKeychain } from './fake-keychain.ts'
import { type LittleServer, refuse, reply, startLittleServer } from './little-server.ts'

export interface EarlierKiosk {
  readonly server: LittleServer
  readonly keychain: FakeKeychain
  readonly files: ReturnType<typeof memoryFiles>
  readonly host: FakeHost
}

/** A kiosk and what it needs; with `earlier` the next run of that one. */
export async function buildKiosk(earlier?: EarlierKiosk, lasting: LastingStorage = 'keychain') {
  const server = earlier?.server ?? (await startLittleServer())
  if (earlier === undefined) onTestFinished(() => server[Symbol.asyncDispose]())
  const keychain = earlier?.keychain ?? fakeKeychain()
  const files = earlier?.files ?? memoryFiles()
  const { device } = files
  const host = earlier?.host ?? fakeHost()
  const told: unknown[] = []
  let given = 0
  let decision: 'pending' | 'approve' | 'deny' = 'pending'
  if (earlier === undefined) {
    server.me = { ...server.me, kind: 'device', role: 'device', email: null, device: { id: 'd1', name: 'lobby-1' } }
    server.onRequest = (call, body, response) => {
      if (call === 'PATCH /api/v1/devices/me') {
        told.push(body)
        response.writeHead(204).end()
      } else if (call === 'POST /api/v1/enrolments') {
        given++
        decision = 'pending'
        reply(response, {
          device_code: `device-${given}`,
          user_code: `CODE-${given}`,
          verification_uri: `${server.origin}/enrol`,
          verification_uri_complete: `${server.origin}/enrol?code=CODE-${given}`,
          expires_in: 900,
          interval: 1,
        })
      } else if (call === 'POST /api/v1/enrolments/token') {
        if (decision === 'pending') refuse(response, 'authorization_pending', 400)
        else if (decision === 'deny') refuse(response, 'access_denied', 400)
        else {
          server.sessions.add('device-token')
          const approved = { id: 'd1', name: 'lobby-1' }
          reply(response, { token: 'device-token', expiresAt: '2030-01-01T00:00:00Z', device: approved })
        }
      } else return false
      return true
    }
  }
  const states: KioskState[] = []
  const screens: { readonly offset: number; readonly screen: Screen }[] = []
  const log = memoryLog()
  const kiosk = createKiosk({
    api: createServerApi({ origin: server.origin, timeout: 2000 }),
    version: '0',
    credentials: createCredentials({ open: keychain.open, lasting }),
    files,
    host,
    about: { hostname: 'pi', version: '0', platform: 'linux arm' },
    log,
    onState: (state) => void states.push(state),
    onScreen: (shown) => void screens.push(shown),
    onSettings: () => {},
    times: { minReconnect: 5, maxReconnect: 20, maxReplace: 20, second: 10, keychain: 20 },
  })
  onTestFinished(() => kiosk[Symbol.dispose]())
  const approve = () => {
    decision = 'approve'
  }
  const deny = () => {
    decision = 'deny'
  }
  return { kiosk, server, keychain, files, device, host, states, screens, log, told, approve, deny }
}

/** A kiosk that has been approved as lobby-1, with the id d1, and is online. */
export async function enrolledKiosk(
  prepare: (built: { readonly server: LittleServer; readonly host: FakeHost }) => void = () => {},
) {
  const built = await buildKiosk()
  prepare(built)
  built.kiosk.start()
  await phase(built.kiosk, 'enrolling')
  built.approve()
  await online(built.kiosk)
  await vi.waitFor(() => expect(built.server.commands.some(({ history }) => history)).toBe(true))
  return built
}

export async function phase(kiosk: { readonly state: KioskState }, expected: KioskState['phase']): Promise<void> {
  await vi.waitFor(() => expect(kiosk.state.phase).toBe(expected))
}

export async function online(kiosk: { readonly state: KioskState }): Promise<void> {
  await vi.waitFor(() => expect(kiosk.state).toMatchObject({ phase: 'enrolled', link: { phase: 'online' } }))
}
