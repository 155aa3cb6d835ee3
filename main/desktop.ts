import type { DesktopState, FeedEvent, Outcome, OwnTasksState, SignInRequest } from '#protocol/ipc.ts'
import type { TaskArguments } from '#protocol/tasks.ts'
import { type Account, type Credential, type Credentials, CredentialsError } from './credentials.ts'
import type { Refusal } from './feed.ts'
import type { JsonFile } from './json-file.ts'
import type { LinkTimes } from './link.ts'
import type { Log } from './log.ts'
import { done, failed, outcomeOf } from './outcome.ts'
import { saveFile } from './save-file.ts'
import { serverOrigin } from './server-address.ts'
import type { ServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'
import { openSession, type Session } from './session.ts'
import type { AccountCache } from './settings.ts'

/** The desktop app without its window: who is signed in, what they follow, what has arrived. */
export interface Desktop extends Disposable {
  readonly state: DesktopState
  readonly events: readonly FeedEvent[]
  /** Looks for the credential and goes on from there. */
  start(): Promise<void>
  signIn(request: SignInRequest): Promise<Outcome>
  signOut(): Promise<Outcome>
  follow(channel: string): Promise<Outcome>
  unfollow(channel: string): Promise<Outcome>
  readonly tasks: OwnTasksState
  submitTask(name: string, args: TaskArguments): Promise<Outcome>
  cancelTask(id: string): Promise<Outcome>
  retryTask(id: string): Promise<Outcome>
  saveTaskFile(id: string, name: string): Promise<Outcome>
  /** The machine woke up. */
  wake(): void
}

export interface DesktopOptions {
  /** Origin of the server to begin with. */
  readonly server: string
  readonly version: string
  readonly credentials: Credentials
  readonly account: JsonFile<AccountCache>
  readonly log: Log
  createApi(origin: string): ServerApi
  /** Remembers the server for the next run. */
  rememberServer(origin: string): void
  onState(state: DesktopState): void
  onEvent(event: FeedEvent): void
  /** What was published on a channel before it was followed in this run, oldest first, once. Nothing to ring for. */
  onEarlier(events: readonly FeedEvent[]): void
  onTasks(tasks: OwnTasksState): void
  /** Where somebody wants a file of this name; null for nowhere. */
  choosePlace(name: string): Promise<string | null>
  readonly times?: Partial<DesktopTimes>
}

export interface DesktopTimes extends LinkTimes {
  /** Milliseconds to wait for the server's word on a subscription. */
  readonly decision: number
  /** Milliseconds until account and follows are asked for again after that failed. */
  readonly sync: number
  /** Milliseconds for a whole file of a task. */
  readonly file: number
}

/** Most channels one account follows here: below the server's limit of 128 for one connection. */
const maxFollows = 100

type SignedIn = Extract<DesktopState, { phase: 'signed-in' }>
type Person = Pick<AccountCache, 'name' | 'email' | 'role' | 'follows'>

/** Everything that exists only while somebody is signed in. */
interface Seat {
  readonly account: Account
  readonly credential: Credential
  readonly api: ServerApi
  readonly session: Session
  /** Aborts when the seat is left. */
  readonly left: AbortController
}

export function createDesktop(options: DesktopOptions): Desktop {
  const { log, credentials } = options
  const times = { decision: 6000, sync: 10_000, file: 600_000, ...options.times }
  let state: DesktopState = { phase: 'starting' }
  let seat: Seat | null = null
  let server = options.server
  let signingIn = false
  /** Settles once what was kept of the last one to leave has been deleted: until then nothing new is kept. */
  let forgetting: Promise<void> = Promise.resolve()
  /** Channels whose follow or unfollow the server has not confirmed: what it says of them meanwhile is old. */
  const unsettled = new Set<string>()

  function setState(next: DesktopState): void {
    if (next.phase !== state.phase) log.info('desktop', { phase: next.phase })
    state = next
    options.onState(next)
  }

  function change(part: Partial<SignedIn>): void {
    if (state.phase === 'signed-in') setState({ ...state, ...part })
  }

  function sit(account: Account, credential: Credential, person: Person): void {
    const api = options.createApi(account.server)
    const left = new AbortController()
    const session = openSession({
      api,
      token: () => credential.token,
      name: 'desktop',
      version: options.version,
      log,
      ...(options.times === undefined ? {} : { times: options.times }),
      onLink(link) {
        change({ link })
        if (link.phase === 'online') void sync()
      },
      onEvent: options.onEvent,
      onEarlier: options.onEarlier,
      withDefinitions: true,
      onTasks: options.onTasks,
      onTrouble: showTroubles,
      onRejected: (error) => void dismiss(error),
    })
    seat = { account, credential, api, session, left }
    for (const channel of person.follows) session.feed.follow(channel)
    setState({
      phase: 'signed-in',
      server: account.server,
      account: { name: person.name, email: person.email, role: person.role },
      storage: credential.storage,
      link: session.link.state,
      follows: session.feed.channels,
      gaps: [],
      refusals: [],
    })
  }

  function leave(): Seat | null {
    const old = seat
    seat = null
    old?.left.abort()
    old?.session[Symbol.dispose]()
    if (old !== null) options.onTasks(noTasks)
    return old
  }

  /** The server does not know the session any more. */
  async function dismiss(error: ServerError): Promise<void> {
    log.warn('session rejected', { code: error.code })
    const old = leave()
    setState({ phase: 'signed-out', server, notice: rejectionNotice(error) })
    if (old !== null) await forget(old.account)
  }

  function forget(account: Account): Promise<CredentialsError | null> {
    const forgotten = deleteKept(account)
    forgetting = forgotten.then(
      () => {},
      () => {}, // the caller's to handle
    )
    return forgotten
  }

  async function deleteKept(account: Account): Promise<CredentialsError | null> {
    await options.account.remove()
    try {
      await credentials.forget(account)
      return null
    } catch (error) {
      if (!(error instanceof CredentialsError)) throw error
      log.warn('credential not forgotten', { code: error.code })
      return error
    }
  }

  /** Asks who we are and what we follow; until that succeeds, what was cached stands. */
  async function sync(): Promise<void> {
    const mine = seat
    if (mine === null) return
    const { api, credential, left } = mine
    try {
      const [me, stars] = await Promise.all([
        api.me(credential.token, left.signal),
        api.stars(credential.token, left.signal),
      ])
      if (seat !== mine) return
      const wanted = stars.slice(0, maxFollows)
      mine.session.tasks.belongTo(me.id)
      const { feed } = mine.session
      for (const channel of feed.channels) {
        if (!wanted.includes(channel) && !unsettled.has(channel)) feed.unfollow(channel)
      }
      for (const channel of wanted) if (!unsettled.has(channel)) feed.follow(channel)
      change({ account: { name: me.name, email: me.email, role: me.role }, follows: feed.channels })
      showTroubles()
      await saveAccount()
    } catch (error) {
      if (seat !== mine) return
      if (!(error instanceof ServerError)) throw error
      log.warn('account not had', { code: error.code })
      if (error.isRejection) return dismiss(error)
      const timer = setTimeout(() => void sync(), times.sync)
      left.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    }
  }

  async function saveAccount(): Promise<void> {
    if (state.phase !== 'signed-in' || state.storage === 'memory') return
    const { account, follows } = state
    await options.account
      .write({ server: state.server, ...account, follows: [...follows] })
      .catch((error: Error) => log.warn('account not cached', { error: error.message }))
  }

  function showTroubles(): void {
    if (seat === null) return
    const { feed } = seat.session
    change({
      gaps: feed.gaps,
      refusals: feed.refusals.map((refusal) => ({ channel: refusal.channel, message: refusalSentence(refusal) })),
    })
  }

  function showFollows(mine: Seat): void {
    if (seat !== mine) return
    change({ follows: mine.session.feed.channels })
    showTroubles()
  }

  /** Lets go of a channel that could not be followed after all. */
  function rollBack(mine: Seat, channel: string): void {
    if (seat !== mine) return
    mine.session.feed.unfollow(channel)
    showFollows(mine)
  }

  async function settle(channel: string, action: () => Promise<Outcome>): Promise<Outcome> {
    unsettled.add(channel)
    try {
      return await outcomeOf(action)
    } finally {
      unsettled.delete(channel)
    }
  }

  async function signIn(request: SignInRequest): Promise<Outcome> {
    const account: Account = { kind: 'desktop', server: serverOrigin(request.server) }
    const api = options.createApi(account.server)
    await api.check()
    // Before a session exists that could not be kept.
    if (request.storage === 'keychain') await credentials.find(account)
    const { email, password, code } = request
    const { token } = await api.signIn({ email, password, ...(code && { code }) })
    try {
      const [me, stars] = await Promise.all([api.me(token), api.stars(token)])
      await forgetting
      await credentials.keep(account, token, request.storage)
      server = account.server
      options.rememberServer(server)
      sit(account, { token, storage: request.storage }, { ...me, follows: stars.slice(0, maxFollows) })
      await saveAccount()
      return done
    } catch (error) {
      await api.signOut(token).catch((end: Error) => log.warn('session left behind', { error: end.message }))
      throw error
    }
  }

  return {
    get state() {
      return state
    },
    get events() {
      return seat?.session.feed.events ?? []
    },
    async start() {
      const account: Account = { kind: 'desktop', server }
      const cached = await options.account.read()
      const person = cached?.server === server ? cached : null
      try {
        const credential = await credentials.find(account)
        if (credential === null) setState({ phase: 'signed-out', server, notice: null })
        else sit(account, credential, person ?? unknownPerson)
      } catch (error) {
        if (!(error instanceof CredentialsError)) throw error
        log.warn('keychain unavailable', { error: String(error.cause) })
        // Somebody who signed in before must learn why that is not enough today.
        setState({ phase: 'signed-out', server, notice: person === null ? null : error.message })
      }
    },
    async signIn(request) {
      if (signingIn) return failed('busy', 'Signing in already: wait for it to finish.')
      if (seat !== null) return failed('already_signed_in', 'Sign out first to sign in as somebody else.')
      signingIn = true
      try {
        return await outcomeOf(() => signIn(request))
      } finally {
        signingIn = false
      }
    },
    async signOut() {
      const old = leave()
      if (old === null) return done
      setState({ phase: 'signed-out', server, notice: null })
      // At once and not after the server's answer: the app may be closed, or signed in to again, while that is awaited.
      const [error] = await Promise.all([
        forget(old.account),
        old.api
          .signOut(old.credential.token)
          .catch((reason: Error) => log.warn('server not told of the sign-out', { error: reason.message })),
      ])
      return error === null
        ? done
        : failed(error.code, `Signed out, but the stored sign-in is still there. ${error.message}`)
    },
    async follow(channel) {
      const mine = seat
      if (mine === null) return signedOut
      const { api, credential, session, left } = mine
      if (session.feed.channels.includes(channel)) return done
      if (session.feed.channels.length >= maxFollows) {
        return failed('limit_exceeded', `You follow ${maxFollows} channels. Unfollow one first.`)
      }
      const { decided } = session.feed.follow(channel)
      showFollows(mine)
      return settle(channel, async () => {
        try {
          await api.star(credential.token, channel, left.signal)
        } catch (error) {
          rollBack(mine, channel)
          throw error
        }
        const limit = AbortSignal.any([left.signal, AbortSignal.timeout(times.decision)])
        const refusal = await Promise.race([decided, endOf(limit)])
        if (refusal !== null) {
          rollBack(mine, channel)
          await api.unstar(credential.token, channel, left.signal)
          return failed('refused', refusalSentence(refusal))
        }
        if (seat === mine) await saveAccount()
        return done
      })
    },
    async unfollow(channel) {
      const mine = seat
      if (mine === null) return signedOut
      const { api, credential, session, left } = mine
      if (!session.feed.channels.includes(channel)) return done
      session.feed.unfollow(channel)
      showFollows(mine)
      return settle(channel, async () => {
        try {
          await api.unstar(credential.token, channel, left.signal)
        } catch (error) {
          if (seat === mine) session.feed.follow(channel)
          showFollows(mine)
          throw error
        }
        if (seat === mine) await saveAccount()
        return done
      })
    },
    get tasks() {
      return seat?.session.tasks.state ?? noTasks
    },
    submitTask: async (name, args) => seat?.session.tasks.submit(name, args) ?? signedOut,
    cancelTask: async (id) => seat?.session.tasks.cancel(id) ?? signedOut,
    retryTask: async (id) => seat?.session.tasks.retry(id) ?? signedOut,
    async saveTaskFile(id, name) {
      if (seat === null) return signedOut
      const { api, credential, left } = seat
      const path = await options.choosePlace(name)
      if (path === null) return done
      const signal = AbortSignal.any([left.signal, AbortSignal.timeout(times.file)])
      return outcomeOf(async () => saveFile(path, await api.taskFile(credential.token, id, name, signal)))
    },
    wake() {
      seat?.session.link.wake()
    },
    [Symbol.dispose]() {
      leave()
    },
  }
}

const noTasks: OwnTasksState = { tasks: [], definitions: [] }
const signedOut = failed('signed_out', 'Sign in first.')

/** Signed in, but nobody has told us who that is yet: the least role until the server does. */
const unknownPerson: Person = { name: 'Signed in', email: null, role: 'viewer', follows: [] }

function rejectionNotice(error: ServerError): string {
  return error.code === 'account_disabled'
    ? 'This account has been disabled. Ask an administrator.'
    : 'Your session has ended. Sign in again.'
}

function refusalSentence({ channel, code, message }: Refusal): string {
  if (code === 103) return `You may not follow ${channel}. Ask an administrator.`
  if (code === 102) return `There is no namespace for ${channel} on this server. Check the name.`
  if (code === 106) return `${channel} is one channel too many for one connection. Unfollow another first.`
  return `The server does not let you follow ${channel}: ${message}.`
}

/** Null once the signal aborts. */
function endOf(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return Promise.resolve(null)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
}
