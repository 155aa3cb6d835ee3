import type { OpenKeychain } from '../credentials.ts'

/** A keychain in a map, which can be taken away. */
export interface FakeKeychain {
  readonly open: OpenKeychain
  /** `service/account` to secret. */
  readonly entries: Map<string, string>
  available: boolean
}

export function fakeKeychain(): FakeKeychain {
  const entries = new Map<string, string>()
  const keychain: FakeKeychain = {
    entries,
    available: true,
    open: async (service, account) => {
      if (!keychain.available) throw new Error('no session bus')
      const key = `${service}/${account}`
      return {
        getPassword: async () => entries.get(key) ?? null,
        setPassword: async (secret) => void entries.set(key, secret),
        deletePassword: async () => entries.delete(key),
      }
    },
  }
  return keychain
}
