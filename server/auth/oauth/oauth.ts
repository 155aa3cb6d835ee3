import type { Identity } from '../identity.ts'
import type { Clients } from './clients.ts'
import type { Consents } from './consents.ts'
import type { DeviceGrants } from './device-grants.ts'
import type { Grants } from './grants.ts'

/** OAuth for other services, as the HTTP edge works with it. The endpoints of the standard are served by `Auth.handle`. */
export interface OAuth {
  /** Who may register them is decided by the edge. */
  readonly clients: Clients
  readonly consents: Consents
  readonly deviceGrants: DeviceGrants
  readonly grants: {
    /** The services that this person has let act for them. */
    readonly list: Grants['list']
    /** Ends one. Throws `not_found`. */
    end(clientId: string, by: Identity): Promise<void>
  }
  /** The metadata document. */
  readonly metadata: Readonly<Record<string, unknown>>
}
