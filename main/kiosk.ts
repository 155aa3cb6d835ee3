import { commandsChannel } from '#protocol/channel.ts'
import type { EnrolmentRequest } from '#protocol/devices.ts'
import type { FeedEvent, KioskState, Outcome, Storage } from '#protocol/ipc.ts'
import { type Screen, showCommand } from '#protocol/screen.ts'
import { backoff } from './backoff.ts'
import { type Account, type Credential, type Credentials, CredentialsError } from './credentials.ts'
import { enrol } from './enrolment.ts'
import type { Followed } from './feed.ts'
import { type HeldCredential, holdCredential } from './held-credential.ts'
import type { JsonFile } from './json-file.ts'
import { beginKiosk, type KioskEvent, step } from './kiosk-state.ts'
import type { LinkTimes } from './link.ts'
import type { Log } from './log.ts'
import { done, failed } from './outcome.ts'
import { isFinal } from './own-tasks.ts'
import { pause } from './pause.ts'
import type { ServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'
import { openSession, type Session } from './session.ts'
import type { DeviceCache } from './settings.ts'

/** The kiosk without its window: enrols once, then shows what it is told, for months. */
export interface KioskApp extends Disposable {
  readonly state: KioskState
  start(): void
  /** Somebody at the screen agrees that the credential is forgotten when the kiosk closes. */
  acceptMemory(): Outcome
  /** The machine woke up. */
  wake(): void
}

export interface KioskOptions {
  readonly api: ServerApi
  readonly version: string
  readonly credentials: Credentials
  readonly device: JsonFile<DeviceCache>
  /** What the operator sees before approving. */
  readonly about: EnrolmentRequest
  readonly log: Log
  onState(state: KioskState): void
  /** Each command that changes the screen as it arrives, in order, once. */
  onScreen(shown: { readonly offset: number; readonly screen: Screen }): void
  readonly times?: Partial<KioskTimes>
}

export interface KioskTimes extends LinkTimes {
  /** Milliseconds of a second of enrolment. */
  readonly second: number
  /** Milliseconds between looks for a keychain that is missing. */
  readonly keychain: number
}

type Device = Pick<DeviceCache, 'id' | 'name'>

/** How far back a kiosk looks for the screen it showed before it was restarted, in publications. */
const screenHistory = 50

export function createKiosk(options: KioskOptions): KioskApp {
  const { api, credentials, log } = options
  const times = { second: 1000, keychain: 3000, ...options.times }
  const account: Account = { kind: 'kiosk', server: api.origin }
  const stopped = new AbortController()
  let kiosk = beginKiosk
  let session: Session | null = null
  /** Not tried again, should the keychain give it back because it cannot delete. */
  let rejectedToken: string | null = null
  /** Aborts when somebody accepts that the credential is kept in memory. */
  const memoryAccepted = new AbortController()

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
    const cached = await options.device.read()
    const device = cached?.server === api.origin ? cached : null
    for (;;) {
      signal.throwIfAborted()
      try {
        const credential = await credentials.find(account)
        return credential === null || credential.token === rejectedToken ? null : { credential, device }
      } catch (error) {
        if (device === null || memoryAccepted.signal.aborted) return null
        await waitForKeychain(error, signal)
      }
    }
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
    const storage = await keep(token, signal)
    if (storage === 'keychain') await remember(device)
    return { credential: { token, storage }, device }
  }

  /** Keeps the credential in the keychain or, once somebody has agreed, in memory. */
  async function keep(token: string, signal: AbortSignal): Promise<Storage> {
    for (;;) {
      signal.throwIfAborted()
      const storage: Storage = memoryAccepted.signal.aborted ? 'memory' : 'keychain'
      try {
        await credentials.keep(account, token, storage)
        return storage
      } catch (error) {
        await waitForKeychain(error, signal)
      }
    }
  }

  async function waitForKeychain(error: unknown, signal: AbortSignal): Promise<void> {
    if (!(error instanceof CredentialsError)) throw error
    if (kiosk.view.phase !== 'no-keychain') {
      log.warn('keychain unavailable', { error: String(error.cause) })
      dispatch({ type: 'keychain-missing', message: error.message })
    }
    await pause(times.keychain, AbortSignal.any([signal, memoryAccepted.signal]))
  }

  async function remember(device: Device): Promise<void> {
    await options.device
      .write({ server: api.origin, ...device })
      .catch((error: Error) => log.warn('device not cached', { error: error.message }))
  }

  /** Shows what it is told until the server rejects the credential. */
  async function serve({ credential, device: known }: Enrolled, signal: AbortSignal): Promise<void> {
    let rejected = (_error: ServerError): void => {}
    const rejection = new Promise<ServerError>((resolve) => {
      rejected = resolve
    })
    const device = known ?? (await identify(credential, signal))
    const held = holdCredential({ api, credentials, account, credential, log })
    if (device !== null) listen(held, device, rejected)
    const ended = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
    const error = device === null ? notADevice : await Promise.race([rejection, ended])
    session?.[Symbol.dispose]()
    session = null
    if (error === null) return
    log.warn('credential rejected', { code: error.code })
    dispatch({
      type: 'rejected',
      message: 'This screen was removed from the server. An operator can approve it again.',
    })
    rejectedToken = held.current.token
    await forget()
  }

  function listen(held: HeldCredential, device: Device, onRejected: (error: ServerError) => void): void {
    const { storage } = held.current
    let current = device
    let restored = false
    const opened = openSession({
      api,
      token: () => held.current.token,
      name: 'kiosk',
      version: options.version,
      log,
      ...(options.times === undefined ? {} : { times: options.times }),
      onLink(link) {
        dispatch({ type: 'link', link })
        if (link.phase !== 'online') return
        void restore()
        void refresh()
        void held.report()
      },
      onEvent: show,
      onTasks: ({ tasks }) =>
        dispatch({ type: 'tasks', tasks: tasks.map(({ task }) => task).filter((task) => !isFinal(task)) }),
      onTrouble: () => {}, // logged; what is newest has arrived or will
      onRotate: () => void held.renew(),
      onRejected,
    })
    session = opened
    let followed: Followed = opened.feed.follow(commandsChannel(current.name))
    dispatch({ type: 'enrolled', server: api.origin, device, storage, link: opened.link.state })

    /** Brings back, after a fresh start, the screen that was shown before. */
    async function restore(): Promise<void> {
      if (restored || (await followed.decided) !== null) return
      try {
        const newest = await followed.newest(screenHistory)
        restored = true
        if (session !== opened) return
        for (const { data } of newest) {
          const screen = screenOf(data, Date.now())
          if (screen !== null) return dispatch({ type: 'restore', screen })
        }
      } catch (error) {
        log.warn('screen not restored', { error: error instanceof Error ? error.message : JSON.stringify(error) })
      }
    }

    /** The server may have renamed this device, and with it its channel. */
    async function refresh(): Promise<void> {
      const me = await api.me(held.current.token).catch((error: Error) => {
        log.warn('device not had', { error: error.message })
        return null
      })
      if (session !== opened || !me?.device) return
      opened.tasks.belongTo(me.id)
      const { id, name, rotate } = me.device
      if (rotate) void held.renew()
      if (id === current.id && name === current.name) return
      opened.feed.unfollow(commandsChannel(current.name))
      current = { id, name }
      followed = opened.feed.follow(commandsChannel(current.name))
      dispatch({ type: 'renamed', device: current })
      if (storage === 'keychain') await remember(current)
    }
  }

  function show({ data, offset, receivedAt }: FeedEvent): void {
    const screen = screenOf(data, receivedAt ?? Date.now())
    if (screen === null) {
      log.warn('command ignored', { offset })
      return
    }
    dispatch({ type: 'show', screen })
    options.onScreen({ offset, screen })
  }

  /** Which device the credential belongs to; null when to none. */
  async function identify(credential: Credential, signal: AbortSignal): Promise<Device | null> {
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      try {
        const me = await api.me(credential.token, signal)
        const device = me.device && { id: me.device.id, name: me.device.name }
        if (device !== null && credential.storage === 'keychain') await remember(device)
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

  async function forget(): Promise<void> {
    await options.device.remove()
    try {
      await credentials.forget(account)
    } catch (error) {
      if (!(error instanceof CredentialsError)) throw error
      log.warn('credential not forgotten', { code: error.code })
    }
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
      memoryAccepted.abort()
      return done
    },
    wake() {
      session?.link.wake()
    },
    [Symbol.dispose]() {
      stopped.abort()
    },
  }
}

/** What a command makes of the screen; null when it is none that we know. */
export function screenOf(data: unknown, receivedAt: number): Screen | null {
  const parsed = showCommand.safeParse(data)
  if (!parsed.success) return null
  const { show } = parsed.data
  if (show === null) return { kind: 'waiting' }
  if ('url' in show) return { kind: 'page', url: show.url, receivedAt }
  const { title, message } = show
  return { kind: 'message', ...(title === undefined ? {} : { title }), message, receivedAt }
}

interface Enrolled {
  readonly credential: Credential
  readonly device: Device | null
}

const notADevice = new ServerError('invalid_token', 'The credential belongs to no device.')
