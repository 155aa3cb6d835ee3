import { applyDelta } from 'fossil-delta'
import { WebSocket } from 'ws'

/**
 * A client that follows one channel by the rules of the protocol and believes nothing: it comes back whenever its socket
 * goes, subscribes again when told to, asks for what it missed, and writes down what it was told and what broke a rule.
 */
export interface Follower extends Disposable {
  /** In the order of its arrival. */
  readonly journal: readonly Entry[]
  /** What the server must never do, and did. */
  readonly violations: readonly string[]
  readonly place: Place | null
  /** Whether all that it wants has been answered. */
  readonly isSettled: boolean
  subscribe(): void
  unsubscribe(): void
  cut(): void
}

export interface Place {
  readonly offset: number
  readonly epoch: string
}

export type Entry =
  /** It begins anew here; `told` when it had asked for what it missed and could not be given it. */
  | { readonly kind: 'placed'; readonly by: Asker; readonly place: Place; readonly told: boolean }
  /** It was told that what follows is all that it missed, up to `through` where only the newest is given. */
  | { readonly kind: 'recovered'; readonly by: Asker; readonly from: Place; readonly through: Place }
  | { readonly kind: 'publication'; readonly offset: number; readonly epoch: string; readonly data: string }
  /** `insufficient`: because the server said that something is missing. */
  | { readonly kind: 'left'; readonly insufficient: boolean }

/** Who subscribed it; a filter is the client's own. */
type Asker = 'client' | 'server'

export interface FollowerOptions {
  readonly url: string
  readonly token: () => string
  readonly channel: string
  readonly filter?: unknown
  readonly deltas?: boolean
}

interface Reply {
  readonly id?: number
  readonly error?: { readonly code: number; readonly temporary?: boolean }
  readonly connect?: { readonly subs?: Readonly<Record<string, SubscribeResult>> }
  readonly subscribe?: SubscribeResult
  readonly unsubscribe?: unknown
  readonly push?: {
    readonly channel: string
    readonly pub?: Pub
    readonly subscribe?: SubscribeResult
    readonly unsubscribe?: { readonly code: number }
  }
}
interface SubscribeResult {
  readonly epoch?: string
  readonly offset?: number
  readonly recoverable?: boolean
  readonly was_recovering?: boolean
  readonly recovered?: boolean
  readonly publications?: readonly Pub[]
  readonly delta?: boolean
}
interface Pub {
  readonly data: unknown
  readonly offset?: number
  readonly delta?: boolean
}

const againMs = 2

export function createFollower({ url, token, channel, filter, deltas = false }: FollowerOptions): Follower {
  const journal: Entry[] = []
  const violations: string[] = []
  let socket: WebSocket
  let isConnected = false
  let wants = false
  let disposed = false
  let id = 0
  /** The commands that have not been answered, on this socket. */
  let asked = new Map<number, 'connect' | 'subscribe' | 'unsubscribe'>()
  /** Null when not subscribed. */
  let held: { by: Asker; base: Buffer | null; deltas: boolean } | null = null
  /** Where it is, or was when it was last subscribed; null when it cannot ask for what it missed. */
  let place: Place | null = null
  let isRecoverable = false
  /** What it said in its last request to subscribe. */
  let requested: Place | null = null
  let serverSide = false

  open()
  return {
    journal,
    violations,
    get place() {
      return held ? place : null
    },
    get isSettled() {
      return isConnected && asked.size === 0 && (!wants || held !== null)
    },
    subscribe() {
      wants = true
      if (isConnected && !held && !isAsked('subscribe')) ask()
    },
    unsubscribe() {
      wants = false
      serverSide = false
      if (isConnected) send('unsubscribe', { channel })
    },
    cut: () => socket.terminate(),
    [Symbol.dispose]() {
      disposed = true
      socket.terminate()
    },
  }

  function open(): void {
    const opened = new WebSocket(url)
    socket = opened
    opened.on('error', () => {})
    opened.on('open', () => {
      const subs = serverSide ? { subs: { [channel]: recovery() } } : {}
      requested = serverSide && isRecoverable ? place : null
      send('connect', { token: token(), ...subs })
      if (wants && !serverSide) ask()
    })
    opened.on('message', (data) => {
      for (const line of data.toString().split('\n')) take(JSON.parse(line) as Reply)
    })
    opened.on('close', (code) => {
      if (code >= 3500 && !disposed) violations.push(`closed for good with ${code}`)
      leave(code === 3010)
      isConnected = false
      asked = new Map()
      if (!disposed) setTimeout(() => disposed || open(), againMs)
    })
  }

  function send(name: 'connect' | 'subscribe' | 'unsubscribe', request: object): void {
    asked.set(++id, name)
    socket.send(JSON.stringify({ id, [name]: request }))
  }

  function ask(): void {
    requested = isRecoverable ? place : null
    send('subscribe', {
      ...{ channel, ...recovery() },
      ...(filter !== undefined && { tf: filter }),
      ...(deltas && { delta: 'fossil' }),
    })
  }

  function recovery(): object {
    return isRecoverable && place ? { recover: true, ...place } : {}
  }

  function isAsked(name: string): boolean {
    return [...asked.values()].includes(name as 'subscribe')
  }

  function take(reply: Reply): void {
    if (!isConnected && reply.connect === undefined && reply.error === undefined) {
      violations.push(`before the connect reply: ${JSON.stringify(reply)}`)
    }
    if (reply.push) {
      takePush(reply.push)
      return
    }
    if (reply.id === undefined) {
      socket.send('{}')
      return
    }
    const name = asked.get(reply.id)
    asked.delete(reply.id)
    if (reply.error) takeError(name, reply.error)
    else if (reply.connect) takeConnected(reply.connect)
    else if (reply.subscribe) begin('client', reply.subscribe)
    else if (reply.unsubscribe) {
      leave(false)
      if (wants && !isAsked('subscribe')) ask()
    }
  }

  function takeConnected({ subs }: NonNullable<Reply['connect']>): void {
    isConnected = true
    const result = subs?.[channel]
    if (result) begin('server', result)
    else serverSide = false
    if (wants && !held && !isAsked('subscribe')) ask()
  }

  function takeError(name: string | undefined, { code, temporary = false }: NonNullable<Reply['error']>): void {
    // Subscribed by the server before its own request was looked at.
    if (name === 'subscribe' && code === 105 && held) return
    if (!temporary) {
      violations.push(`${name} was refused with ${code}`)
      return
    }
    if (name === 'connect') {
      socket.terminate()
      return
    }
    const asking = socket
    setTimeout(() => {
      if (socket === asking && isConnected && wants && !held && !isAsked('subscribe')) ask()
    }, againMs)
  }

  function takePush(push: NonNullable<Reply['push']>): void {
    if (push.pub) {
      if (held) receive(push.pub, held)
      else violations.push(`not subscribed, and got ${JSON.stringify(push.pub).slice(0, 200)}`)
    } else if (push.subscribe) {
      requested = null
      serverSide = true
      begin('server', push.subscribe)
    } else if (push.unsubscribe) {
      leave(push.unsubscribe.code === 2500)
      serverSide = false
      if (push.unsubscribe.code >= 2500 && wants && !isAsked('subscribe')) ask()
      else if (push.unsubscribe.code < 2500) wants = false
    }
  }

  function begin(by: Asker, result: SubscribeResult): void {
    if (held) violations.push('subscribed twice')
    held = { by, base: null, deltas: result.delta === true }
    serverSide = by === 'server'
    isRecoverable = result.recoverable === true
    const top = { offset: result.offset ?? 0, epoch: result.epoch ?? '' }
    if (requested && result.was_recovering !== true) violations.push('asked to recover and was not told the outcome')
    if (result.recovered && requested) {
      journal.push({ kind: 'recovered', by, from: requested, through: top })
    } else {
      if (result.publications?.length) violations.push('publications without having recovered')
      journal.push({ kind: 'placed', by, place: top, told: requested !== null })
    }
    place = top
    for (const publication of result.publications ?? []) receive(publication, held)
  }

  function receive({ data, offset = 0, delta = false }: Pub, { deltas: asText, base }: NonNullable<typeof held>): void {
    let text = JSON.stringify(data)
    if (asText) {
      if (typeof data !== 'string') violations.push(`data must be a string, not ${text.slice(0, 100)}`)
      const bytes = Buffer.from(data as string)
      if (delta && !base) violations.push('a delta, and nothing that it differs from')
      const target = delta && base ? Buffer.from(applyDelta(base, bytes, { verifyChecksum: true })) : bytes
      if (held) held.base = target
      text = target.toString()
    }
    journal.push({ kind: 'publication', offset, epoch: place?.epoch ?? '', data: text })
    if (offset > 0 && place) place = { ...place, offset }
  }

  function leave(insufficient: boolean): void {
    if (held) journal.push({ kind: 'left', insufficient })
    held = null
  }
}
