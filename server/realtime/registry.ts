import type { Logger } from 'pino'
import { type CloseReason, closeReasons } from '#protocol/close-reasons.ts'
import type { Revoked } from '#server/auth/auth.ts'
import type { SocketIdentity } from '#server/auth/identity.ts'
import type { Client } from './client.ts'

/** A connection that has been let in. */
export interface Registered {
  readonly identity: SocketIdentity
  readonly client: Client
}

export type OnlineListener = (change: { readonly identity: SocketIdentity; readonly online: boolean }) => void

/** Who is connected to this node, by user and by session. */
export interface Registry {
  /** Where revocations stand: taken before an identity is established, compared after, so that none slips between. */
  mark(): number
  /** Why this identity must not be let in; null when it may. */
  revokedSince(mark: number, identity: SocketIdentity): CloseReason | null
  add(connection: Registered): void
  remove(connection: Registered): void
  revoke(revoked: Revoked): void
  /** In the order in which they came. */
  clients(): Iterable<Client>
  clientOf(id: string): Client | undefined
  /** The clients of this user on this node. */
  clientsOf(userId: string): readonly Client[]
  countOf(userId: string): number
  /** Clients and different users on this node. */
  count(): { readonly clients: number; readonly users: number }
  isOnline(userId: string): boolean
  onPresence(listener: OnlineListener): () => void
}

/** Revocations remembered for connections still being decided: those of seconds, so this is far more than enough. */
const maxRemembered = 10_000

export function createRegistry(log: Logger): Registry {
  const byId = new Map<string, Registered>()
  const byUser: Index = new Map()
  const bySession: Index = new Map()
  const listeners = new Set<OnlineListener>()
  /** The latest revocation of each session or user, oldest first. */
  const revocations = new Map<string, { readonly number: number; readonly reason: CloseReason }>()
  let revocationCount = 0

  return {
    mark: () => revocationCount,
    revokedSince(mark, identity) {
      if (mark === revocationCount) return null
      const session = sessionOf(identity)
      const keys = [...(session === null ? [] : [sessionKey(session)]), userKey(identity.userId)]
      const since = keys.map((key) => revocations.get(key)).filter((known) => known && known.number > mark)
      return since[0]?.reason ?? null
    },
    add(connection) {
      const { identity } = connection
      byId.set(connection.client.id, connection)
      const wasOnline = byUser.has(identity.userId)
      put(byUser, identity.userId, connection)
      const session = sessionOf(identity)
      if (session !== null) put(bySession, session, connection)
      if (!wasOnline) tell(identity, true)
    },
    remove(connection) {
      const { identity, client } = connection
      if (byId.get(client.id) === connection) byId.delete(client.id)
      const session = sessionOf(identity)
      if (session !== null) take(bySession, session, connection)
      if (take(byUser, identity.userId, connection)) tell(identity, false)
    },
    revoke(revoked) {
      const reason = reasonOf(revoked)
      remember(revoked.kind === 'user' ? userKey(revoked.userId) : sessionKey(revoked.sessionId), reason)
      const connections = revoked.kind === 'user' ? byUser.get(revoked.userId) : bySession.get(revoked.sessionId)
      for (const { client } of all(connections)) client.close(reason)
    },
    *clients() {
      for (const { client } of byId.values()) yield client
    },
    clientOf: (id) => byId.get(id)?.client,
    clientsOf: (userId) => all(byUser.get(userId)).map(({ client }) => client),
    countOf: (userId) => countIn(byUser.get(userId)),
    count() {
      let clients = 0
      for (const ofUser of byUser.values()) clients += countIn(ofUser)
      return { clients, users: byUser.size }
    },
    isOnline: (userId) => byUser.has(userId),
    onPresence(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }

  function remember(key: string, reason: CloseReason): void {
    revocationCount += 1
    revocations.delete(key)
    revocations.set(key, { number: revocationCount, reason })
    const [oldest] = revocations.keys()
    if (revocations.size > maxRemembered && oldest !== undefined) revocations.delete(oldest)
  }

  function tell(identity: SocketIdentity, online: boolean): void {
    for (const listener of listeners) {
      try {
        listener({ identity, online })
      } catch (error) {
        log.error({ err: error, user: identity.userId }, 'a listener failed on presence')
      }
    }
  }
}

/** What ends by itself without its user: a signed-in session, or an OAuth access token. */
export function sessionOf(identity: SocketIdentity): string | null {
  if (identity.kind === 'grant') return identity.grantId
  return 'sessionId' in identity ? identity.sessionId : null
}

/** Of whom only the name or the role has changed comes back by itself, and is then what the records say. */
function reasonOf(revoked: Revoked): CloseReason {
  return revoked.kind === 'user' && revoked.changed ? closeReasons.forceReconnect : closeReasons.revoked
}

function userKey(userId: string): string {
  return `user ${userId}`
}

function sessionKey(sessionId: string): string {
  return `session ${sessionId}`
}

/** Nearly every user and session has one connection, for which a Set of its own would be the most of what it costs. */
type Index = Map<string, Registered | Set<Registered>>

function all(connections: Registered | Set<Registered> | undefined): readonly Registered[] {
  if (connections === undefined) return []
  return connections instanceof Set ? [...connections] : [connections]
}

function countIn(connections: Registered | Set<Registered> | undefined): number {
  if (connections === undefined) return 0
  return connections instanceof Set ? connections.size : 1
}

function put(index: Index, key: string, connection: Registered): void {
  const connections = index.get(key)
  if (connections === undefined) index.set(key, connection)
  else if (connections instanceof Set) connections.add(connection)
  else index.set(key, new Set([connections, connection]))
}

/** Whether it was the last one. */
function take(index: Index, key: string, connection: Registered): boolean {
  const connections = index.get(key)
  if (connections === connection) return index.delete(key)
  if (!(connections instanceof Set) || !connections.delete(connection) || connections.size > 0) return false
  return index.delete(key)
}
