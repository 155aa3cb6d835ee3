import type { KeyScope, PersonRole } from '#protocol/roles.ts'

/** Who is asking, once that has been established. Everything behind the edge works with this and never with a token. */
export type Identity =
  | {
      readonly kind: 'user'
      readonly userId: string
      readonly sessionId: string
      readonly name: string
      readonly email: string
      readonly role: PersonRole
      /** By the policy they may do nothing else until they have a second factor. */
      readonly mustSetUpFactor?: true
    }
  | {
      readonly kind: 'device'
      readonly userId: string
      readonly sessionId: string
      readonly name: string
      readonly role: 'device'
      /** `rotate`: it is to take a new credential. */
      readonly device: { readonly id: string; readonly name: string; readonly rotate?: true }
    }
  /** A service with an API key. It may do what its scopes say. */
  | {
      readonly kind: 'key'
      readonly userId: string
      readonly keyId: string
      readonly name: string
      readonly role: PersonRole
      readonly scopes: readonly KeyScope[]
      /** When it ends, if it does. */
      readonly expiresAt?: string
      /** It stands in the configuration: it opens the realtime server API and nothing else, there for every channel. */
      readonly isConfigured?: true
    }
  /**
   * A service with an OAuth access token. It acts for a person who let it, or with an account of its own for itself, and
   * may do what its scopes and the role of that account both allow.
   */
  | {
      readonly kind: 'grant'
      readonly userId: string
      /** The access token, by its id in the records. */
      readonly grantId: string
      readonly client: { readonly id: string; readonly name: string }
      readonly name: string
      readonly role: PersonRole
      readonly scopes: readonly KeyScope[]
      /** Seconds since 1970. */
      readonly expiresAt: number
    }
  /** Somebody on the server's own machine, through the socket in the data folder: trusted as an administrator. */
  | { readonly kind: 'local'; readonly userId: 'local'; readonly name: string; readonly role: 'admin' }

/**
 * Somebody of whom this server has no records: a user of the site whose backend signed a token, or whoever came without
 * one where that is allowed. Opens a socket and nothing else.
 */
export interface ExternalIdentity {
  readonly kind: 'external'
  /** As the token says, and so from the same space as our own; empty for anonymous ones. */
  readonly userId: string
  readonly name: string
  /** JSON text that others see with this user. */
  readonly info: string | null
  /** What the site keeps with the user for itself; never shown to clients. */
  readonly meta: unknown
}

/** Whoever comes without a token. */
export const anonymous: ExternalIdentity = { kind: 'external', userId: '', name: '', info: null, meta: undefined }

/** Who may be behind a socket. */
export type SocketIdentity = Identity | ExternalIdentity
