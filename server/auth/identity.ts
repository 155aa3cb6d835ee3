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
    }
  | {
      readonly kind: 'device'
      readonly userId: string
      readonly sessionId: string
      readonly name: string
      readonly role: 'device'
      readonly device: { readonly id: string; readonly name: string }
    }
  /** A service with an API key. It may do what its scopes say. */
  | {
      readonly kind: 'key'
      readonly userId: string
      readonly keyId: string
      readonly name: string
      readonly role: PersonRole
      readonly scopes: readonly KeyScope[]
    }
  /** Somebody on the server's own machine, through the socket in the data folder: trusted as an administrator. */
  | { readonly kind: 'local'; readonly userId: 'local'; readonly name: string; readonly role: 'admin' }
