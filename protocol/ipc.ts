import { z } from 'zod'
import { channelName } from './channel.ts'
import type { CredentialStorage } from './devices.ts'
import {
  type Answer,
  type BundlePlace,
  type NetworkStep,
  type PaneBridge,
  type PaneFacts,
  type PaneState,
  paneDigits,
  paneWay,
} from './pane.ts'
import type { role } from './roles.ts'
import type { Screen } from './screen.ts'
import type { ShellView } from './shell-view.ts'
import { type TaskArguments, type TaskDefinitionView, type TaskView, taskArguments, taskName } from './tasks.ts'

/**
 * The one conversation between the desktop app's main process and its windows. `calls` are asked by a window and
 * answered by main, which parses the arguments; `events` are told by main. Nothing here ever carries a token.
 */

/** The socket, as a person should read it. `since` is when this phase began, in milliseconds since 1970. */
export type LinkState =
  | { readonly phase: 'connecting'; readonly since: number }
  | { readonly phase: 'online'; readonly since: number }
  /** `since` is when the client was last online, or began to try; it survives every further attempt. */
  | { readonly phase: 'offline'; readonly since: number; readonly code: LinkTrouble; readonly message: string }

/** Why a client is offline, for people and for tests. */
export type LinkTrouble = 'server_unreachable' | 'not_carillon' | 'connection_lost' | 'refused'

/**
 * How the credential is kept. `file`: in a keychain whose own key lies on the same card, as on the kiosk image, so that it
 * is as good as a file. `memory` only after a person has said yes.
 */
export type Storage = CredentialStorage

/** Outcome of something a person asked for: `message` says what to do. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }

/** A publication in the live list. */
export interface FeedEvent {
  readonly channel: string
  readonly offset: number
  readonly data: unknown
  readonly tags: Readonly<Record<string, string>>
  /** When this client received it, in milliseconds since 1970; null for what was read from history, which has no time. */
  readonly receivedAt: number | null
}

/** A task of whoever is signed in. `result` is undefined until it is known. */
export interface OwnTask {
  readonly task: TaskView
  readonly result: unknown
}
export interface OwnTasksState {
  /** The newest first, at most 20. */
  readonly tasks: readonly OwnTask[]
  /** What may be started; empty until the server has said. */
  readonly definitions: readonly TaskDefinitionView[]
}

export type DesktopState =
  /** The credential is being looked up and tried. */
  | { readonly phase: 'starting' }
  | { readonly phase: 'signed-out'; readonly server: string; readonly notice: string | null }
  | {
      readonly phase: 'signed-in'
      readonly server: string
      readonly account: { readonly name: string; readonly email: string | null; readonly role: z.infer<typeof role> }
      readonly storage: Storage
      readonly link: LinkState
      readonly follows: readonly string[]
      /** Channels of which some publications could not be had any more, with how many where that is known. */
      readonly gaps: readonly { readonly channel: string; readonly missed: number | null }[]
      /** Followed channels that the server does not let this account have, with its reason. */
      readonly refusals: readonly { readonly channel: string; readonly message: string }[]
    }

export type KioskState =
  | { readonly phase: 'starting' }
  /** The server cannot be asked for a code; tried again by itself at `retryAt`. */
  | {
      readonly phase: 'unreachable'
      readonly server: string
      readonly since: number
      readonly retryAt: number
      readonly code: LinkTrouble
      readonly message: string
    }
  | {
      readonly phase: 'enrolling'
      readonly server: string
      readonly userCode: string
      readonly verificationUri: string
      readonly verificationUriComplete: string
      readonly expiresAt: number
      readonly notice: string | null
    }
  /** Approved, but there is no keychain to keep the credential in: somebody must decide. */
  | { readonly phase: 'no-keychain'; readonly message: string }
  | {
      readonly phase: 'enrolled'
      readonly server: string
      readonly device: { readonly id: string; readonly name: string }
      readonly storage: Storage
      readonly link: LinkState
      readonly screen: Screen
      /** Of this screen, and not ended. */
      readonly tasks: readonly TaskView[]
    }

export const signInRequest = z.object({
  server: z.string().trim().min(1, 'Give the address of your Carillon server.').max(2000),
  email: z.string().trim().min(1, 'Give your e-mail address.').max(254),
  password: z.string().min(1, 'Give your password.').max(128),
  /** Of an authenticator app, or a back-up code, once the answer was `code_required`. */
  code: z.string().trim().max(24, 'A code has at most 24 characters.').optional(),
  /** `memory` only when the person agreed to stay signed in until the app closes. */
  storage: z.enum(['keychain', 'memory']),
})
export type SignInRequest = z.infer<typeof signInRequest>

/** Arguments are parsed in main; replies are typed only, since main is trusted by its windows. */
export const calls = {
  'desktop:state': { args: z.tuple([]), reply: reply<DesktopState>() },
  /** The newest events, oldest first, at most 1,000: read from history when this run began, then received. */
  'desktop:events': { args: z.tuple([]), reply: reply<readonly FeedEvent[]>() },
  /** Fails with `keychain_unavailable` when `storage` is `keychain` and there is none. */
  'desktop:signIn': { args: z.tuple([signInRequest]), reply: outcome() },
  'desktop:signOut': { args: z.tuple([]), reply: outcome() },
  'desktop:follow': { args: z.tuple([channelName]), reply: outcome() },
  'desktop:unfollow': { args: z.tuple([channelName]), reply: outcome() },
  /** Opens the server's console in the browser. */
  'desktop:openConsole': { args: z.tuple([]), reply: outcome() },
  'desktop:tasks': { args: z.tuple([]), reply: reply<OwnTasksState>() },
  'desktop:submitTask': { args: z.tuple([taskName, taskArguments]), reply: outcome() },
  'desktop:cancelTask': { args: z.tuple([z.uuid()]), reply: outcome() },
  'desktop:retryTask': { args: z.tuple([z.uuid()]), reply: outcome() },
  /** Asks where to, and fetches it there. */
  'desktop:saveTaskFile': { args: z.tuple([z.uuid(), z.string().min(1).max(200)]), reply: outcome() },
  'kiosk:state': { args: z.tuple([]), reply: reply<KioskState>() },
  'kiosk:shell': { args: z.tuple([]), reply: reply<ShellView>() },
  /** Somebody at the screen agrees that this kiosk forgets its credential when it closes. */
  'kiosk:acceptMemory': { args: z.tuple([]), reply: outcome() },
  'pane:state': { args: z.tuple([]), reply: reply<PaneState>() },
  'pane:unlock': { args: z.tuple([paneWay, paneDigits]), reply: outcome() },
  'pane:close': { args: z.tuple([]), reply: outcome() },
  'pane:facts': { args: z.tuple([]), reply: answer<PaneFacts>() },
  'pane:log': { args: z.tuple([]), reply: answer<readonly string[]>() },
  'pane:checkNetwork': { args: z.tuple([]), reply: answer<readonly NetworkStep[]>() },
  'pane:changeServer': { args: z.tuple([z.string().trim().min(1).max(300)]), reply: answer<string>() },
  'pane:rotateCredential': { args: z.tuple([]), reply: outcome() },
  'pane:forgetCredential': { args: z.tuple([]), reply: answer<boolean>() },
  'pane:reloadContent': { args: z.tuple([]), reply: outcome() },
  'pane:restartApp': { args: z.tuple([]), reply: outcome() },
  'pane:reboot': { args: z.tuple([]), reply: outcome() },
  'pane:places': { args: z.tuple([]), reply: answer<readonly BundlePlace[]>() },
  'pane:saveBundle': { args: z.tuple([z.string().max(100)]), reply: answer<string>() },
} as const satisfies Record<string, { args: z.ZodTuple; reply: unknown }>

export type Calls = typeof calls
export type CallName = keyof Calls
export type CallArgs<N extends CallName> = z.infer<Calls[N]['args']>
export type CallReply<N extends CallName> = Calls[N]['reply'] extends Reply<infer T> ? T : never

/** What main tells its windows. */
export interface Events {
  'desktop:state': DesktopState
  'desktop:event': FeedEvent
  /** What a channel held before it was followed in this run, oldest first: older than all that was told of it before. */
  'desktop:earlier': readonly FeedEvent[]
  'desktop:tasks': OwnTasksState
  'kiosk:state': KioskState
  'kiosk:shell': ShellView
  /** Each command as it arrives, in order, once: the state alone shows only the newest. */
  'pane:state': PaneState
  /** The network check that is under way, as each step ends. */
  'pane:network': readonly NetworkStep[]
  'kiosk:screen': { readonly offset: number; readonly screen: Screen }
}
export type EventName = keyof Events

/** What the preload script exposes as `window.carillon`, named verbs only. Listeners return their own removal. */
export interface DesktopBridge {
  state(): Promise<DesktopState>
  events(): Promise<readonly FeedEvent[]>
  signIn(request: SignInRequest): Promise<Outcome>
  signOut(): Promise<Outcome>
  follow(channel: string): Promise<Outcome>
  unfollow(channel: string): Promise<Outcome>
  openConsole(): Promise<Outcome>
  tasks(): Promise<OwnTasksState>
  submitTask(name: string, args: TaskArguments): Promise<Outcome>
  cancelTask(id: string): Promise<Outcome>
  retryTask(id: string): Promise<Outcome>
  saveTaskFile(id: string, name: string): Promise<Outcome>
  onState(listener: (state: DesktopState) => void): () => void
  onEvent(listener: (event: FeedEvent) => void): () => void
  onEarlier(listener: (events: readonly FeedEvent[]) => void): () => void
  onTasks(listener: (tasks: OwnTasksState) => void): () => void
}

export interface KioskBridge {
  state(): Promise<KioskState>
  acceptMemory(): Promise<Outcome>
  onState(listener: (state: KioskState) => void): () => void
  /** What lies over the page of the kiosk. */
  readonly shell: {
    state(): Promise<ShellView>
    onState(listener: (view: ShellView) => void): () => void
  }
  onScreen(listener: (shown: { readonly offset: number; readonly screen: Screen }) => void): () => void
  readonly pane: PaneBridge
}

/** `window.carillon`: a desktop window has `desktop`, a kiosk window `kiosk`, a browser neither. */
export interface CarillonBridge {
  readonly desktop?: DesktopBridge
  readonly kiosk?: KioskBridge
}

/** `kind` tells main at run time whether arguments that are not valid can be answered with an outcome. */
interface Reply<T> {
  readonly kind: 'value' | 'outcome'
  readonly type?: T
}
function reply<T>(): Reply<T> {
  return { kind: 'value' }
}
function outcome(): Reply<Outcome> {
  return { kind: 'outcome' }
}
function answer<T>(): Reply<Answer<T>> {
  return { kind: 'outcome' }
}
