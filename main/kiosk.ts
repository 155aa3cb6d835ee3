import type { DeviceSettings } from '#protocol/device-settings.ts'
import type { EnrolmentRequest } from '#protocol/devices.ts'
import type { KioskState, Outcome } from '#protocol/ipc.ts'
import type { Answer } from '#protocol/pane.ts'
import type { Screen } from '#protocol/screen.ts'
import { backoff } from './backoff.ts'
import { noSettings } from './commands/device-settings.ts'
import type { Account, Credential, Credentials } from './credentials.ts'
import { enrol } from './enrolment.ts'
import { type HeldCredential, holdCredential } from './held-credential.ts'
import { keepCredential } from './kept-credential.ts'
import type { KioskFiles } from './kiosk-files.ts'
import { type KioskHost, type KioskSession, openKioskSession } from './kiosk-session.ts'
import { beginKiosk, type KioskEvent, step } from './kiosk-state.ts'
import type { LinkTimes } from './link.ts'
import type { Log } from './log.ts'
import { done, failed } from './outcome.ts'
import { pause } from './pause.ts'
import type { ServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'
import type { DeviceCache } from './settings.ts'

/** The kiosk without its window: enrols once, then shows what it is told, for months. */
export interface KioskApp extends Disposable {
  readonly state: KioskState
  start(): void
  /** Somebody at the screen agrees that the credential is forgotten when the kiosk closes. */
  acceptMemory(): Outcome
  /** The machine woke up. */
  wake(): void
  /** The content has changed. */
  shellChanged(): void
  /** Somebody at the screen asks for another credential, */
  renewCredential(): Promise<Outcome>
  /** or for this one to be forgotten: the kiosk shows a code again. Brings whether the server has ended it as well. */
  forgetCredential(): Promise<Answer<boolean>>
  /** Asks the server whether an operator's code opens the pane. Rejects while it cannot be asked. */
  redeemPaneCode(code: string): Promise<boolean>
  /** What must not get out with anything it writes. */
  secrets(): readonly string[]
}

export interface KioskOptions {
  readonly api: ServerApi
  readonly version: string
  readonly credentials: Credentials
  readonly files: KioskFiles
  readonly host: KioskHost
  /** What the operator sees before approving. */
  readonly about: EnrolmentRequest
  readonly log: Log
  onState(state: KioskState): void
  /** Each command that changes the screen as it arrives, in order, once. */
  onScreen(shown: { readonly offset: number; readonly screen: Screen }): void
  /** What the server has told it of itself, or had before it could not be asked. */
  onSettings(settings: DeviceSettings): void
  readonly times?: Partial<KioskTimes>
}

export interface KioskTimes extends LinkTimes {
  /** Milliseconds of a second of enrolment. */
  readonly second: number
  /** Milliseconds between looks for a keychain that is missing. */
  readonly keychain: number
}

type Device = Pick<DeviceCache, 'id' | 'name'>

export function createKiosk(options: KioskOptions): KioskApp {
  const { api, credentials, files, log } = options
  const times = { second: 1000, keychain: 3000, ...options.times }
  const account: Account = { kind: 'kiosk', server: api.origin }
  const stopped = new AbortController()
  let kiosk = beginKiosk
  let session: KioskSession | null = null
  let serving: Serving | null = null
  const kept = keepCredential({
    ...{ credentials, account, log, interval: times.keychain },
    onMissing({ message, cause }) {
      if (kiosk.view.phase === 'no-keychain') return
      log.warn('keychain unavailable', { error: String(cause) })
      dispatch({ type: 'keychain-missing', message })
    },
  })

  function dispatch(event: KioskEvent): void {
    const before = kiosk
    kiosk = step(kiosk, event)
    if (kiosk.view === before.view) return
    if (kiosk.view.phase !== before.view.phase) log.info('kiosk', { phase: kiosk.view.phase })
    options.onState(kiosk.view)
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const found = await lookUp(signal)
        await serve(found ?? (await enrolAndKeep(signal)), signal)
      } catch (error) {
        if (signal.aborted) return
        // Nobody is there to start a kiosk again.
        log.error('kiosk starts over', {
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
        await pause(5 * times.second, signal)
      }
    }
  }

  /** The credential of an earlier run. A kiosk that had one waits for the keychain rather than enrol again. */
  async function lookUp(signal: AbortSignal): Promise<Enrolled | null> {
    const cached = await files.device.read()
    const device = cached?.server === api.origin ? cached : null
    const credential = await kept.find(device !== null, signal)
    return credential === null ? null : { credential, device }
  }

  async function enrolAndKeep(signal: AbortSignal): Promise<Enrolled> {
    const { token, device } = await enrol({
      api,
      request: options.about,
      signal,
      second: times.second,
      onCode: (answer, expiresAt) =>
        dispatch({
          type: 'code',
          server: api.origin,
          userCode: answer.user_code,
          verificationUri: answer.verification_uri,
          verificationUriComplete: answer.verification_uri_complete,
          expiresAt,
        }),
      onUnreachable: (trouble) => dispatch({ type: 'unreachable', server: api.origin, at: Date.now(), ...trouble }),
      onNotice: (message) => dispatch({ type: 'notice', message }),
    })
    log.info('enrolled', { device: device.name })
    const storage = await kept.keep(token, signal)
    if (storage !== 'memory') await remember(device)
    return { credential: { token, storage }, device }
  }

  async function remember(device: Device): Promise<void> {
    await files.device
      .write({ server: api.origin, ...device })
      .catch((error: Error) => log.warn('device not cached', { error: error.message }))
  }

  /** Shows what it is told until the server rejects the credential, or somebody has it forgotten. */
  async function serve({ credential, device: known }: Enrolled, signal: AbortSignal): Promise<void> {
    const device = known ?? (await identify(credential, signal))
    const held = holdCredential({ api, credentials, account, credential, log })
    const { promise: end, resolve: finish } = Promise.withResolvers<string | null>()
    signal.addEventListener('abort', () => finish(null), { once: true })
    const onRejected = ({ code }: ServerError) => {
      log.warn('credential rejected', { code })
      finish(removed)
    }
    serving = { held, finish }
    if (device === null) onRejected(notADevice)
    else session = await listen(held, device, onRejected)
    const message = await end
    const ended = session
    session = null
    serving = null
    await ended?.[Symbol.asyncDispose]()
    if (message === null) return
    dispatch({ type: 'rejected', message })
    await forgetFiles()
    await kept.forget(held.current.token)
  }

  function listen(
    held: HeldCredential,
    device: Device,
    onRejected: (error: ServerError) => void,
  ): Promise<KioskSession> {
    const { version, times, host, onScreen, onSettings } = options
    return openKioskSession({
      ...{ api, version, log, files, host, held, device, dispatch, onScreen, onSettings, onRejected },
      ...(times === undefined ? {} : { times }),
      state: () => kiosk.view,
      onRenamed: async (renamed) => {
        if (held.current.storage !== 'memory') await remember(renamed)
      },
    })
  }

  /** Which device the credential belongs to; null when to none. */
  async function identify(credential: Credential, signal: AbortSignal): Promise<Device | null> {
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      try {
        const me = await api.me(credential.token, signal)
        const device = me.device && { id: me.device.id, name: me.device.name }
        if (device !== null && credential.storage !== 'memory') await remember(device)
        return device
      } catch (error) {
        if (!(error instanceof ServerError) || signal.aborted) throw error
        if (error.isRejection) return null
        const wait = backoff(attempt, times.second, 30 * times.second)
        const code = error.code === 'server_unreachable' || error.code === 'not_carillon' ? error.code : 'refused'
        const now = Date.now()
        const { message } = error
        dispatch({ type: 'unreachable', server: api.origin, at: now, retryAt: now + wait, code, message })
        await pause(wait, signal)
      }
    }
  }

  /** Whether the server knows it no longer. One that cannot be asked goes on believing in it. */
  async function endOnServer(token: string): Promise<boolean> {
    try {
      await api.signOut(token, stopped.signal)
      return true
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      if (!error.isRejection) log.warn('server not told of the forgotten credential', { code: error.code })
      return error.isRejection
    }
  }

  /** Nothing of what this device was told is left for the next one. */
  async function forgetFiles(): Promise<void> {
    for (const file of [files.device, files.content, files.settings, files.commands]) await file.remove()
    options.onSettings(noSettings)
    options.host.shell.show(null)
  }

  return {
    get state() {
      return kiosk.view
    },
    start() {
      void run(stopped.signal)
    },
    acceptMemory() {
      if (kiosk.view.phase !== 'no-keychain') return failed('not_asked', 'There is nothing to agree to now.')
      kept.acceptMemory()
      return done
    },
    wake() {
      session?.wake()
    },
    shellChanged() {
      session?.shellChanged()
    },
    async renewCredential() {
      if (serving === null) return notEnrolled
      return (await serving.held.renew())
        ? done
        : failed(
            'credential_not_renewed',
            'The server gave no new credential; the present one goes on. Try again later.',
          )
    },
    async forgetCredential() {
      if (serving === null) return notEnrolled
      const { token } = serving.held.current
      log.warn('credential forgotten at the screen')
      serving.finish(forgotten)
      // Asked last: whoever takes part with a credential that has ended is told that it was removed.
      return { ok: true, value: await endOnServer(token) }
    },
    async redeemPaneCode(code) {
      if (serving === null) throw new Error('not enrolled')
      return api.redeemPaneCode(serving.held.current.token, code)
    },
    secrets: () => (serving === null ? [] : [serving.held.current.token]),
    [Symbol.dispose]() {
      stopped.abort()
    },
  }
}

interface Enrolled {
  readonly credential: Credential
  readonly device: Device | null
}

/** While there is a credential. */
interface Serving {
  readonly held: HeldCredential
  /** With what to tell whoever stands before the screen; null when the app closes. */
  finish(message: string | null): void
}

const removed = 'This screen was removed from the server. An operator can approve it again.'
const forgotten = 'This screen has forgotten its credential. An operator can approve it again.'
const notEnrolled = { ok: false, code: 'not_enrolled', message: 'This kiosk has no credential now.' } as const
const notADevice = new ServerError('invalid_token', 'The credential belongs to no device.')
