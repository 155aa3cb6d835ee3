import type { AuditParty } from '#protocol/audit.ts'
import type { Identity } from './identity.ts'

/** Somebody as the record names them. */
export function partyOf(identity: Identity): AuditParty {
  switch (identity.kind) {
    case 'user':
      return userParty({ id: identity.userId, name: identity.name, email: identity.email })
    case 'device':
      return { kind: 'device', id: identity.device.id, name: identity.device.name }
    case 'key':
      return { kind: 'key', id: identity.keyId, name: identity.name }
    case 'grant': {
      const { client, name } = identity
      return { kind: 'client', id: client.id, name: client.name === name ? name : `${client.name} for ${name}` }
    }
    case 'local':
      return { kind: 'local', id: identity.userId, name: identity.name }
    default:
      return identity satisfies never
  }
}

/** A person, so that the record can be searched for the name and for the address. */
export function userParty({ id, name, email }: { id: string; name: string; email: string }): AuditParty {
  return { kind: 'user', id, name: `${name} <${email}>` }
}
