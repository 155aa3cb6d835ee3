import { expect, test } from 'vitest'
import { type Account, createCredentials, type OpenKeychain } from './credentials.ts'

const desktop: Account = { kind: 'desktop', server: 'http://127.0.0.1:8750' }

test('a token is kept in the keychain under the service carillon, one for each kind of app and server', async () => {
  const { open, entries } = fakeKeychain()
  const credentials = createCredentials({ open })
  await credentials.keep(desktop, 'token-1', 'keychain')
  await credentials.keep({ ...desktop, kind: 'kiosk' }, 'token-2', 'keychain')
  expect([...entries]).toEqual([
    ['carillon/desktop http://127.0.0.1:8750', 'token-1'],
    ['carillon/kiosk http://127.0.0.1:8750', 'token-2'],
  ])
  expect(await createCredentials({ open }).find(desktop)).toEqual({ token: 'token-1', storage: 'keychain' })
  expect(await credentials.find({ ...desktop, server: 'https://other' })).toBeNull()
  await credentials.forget(desktop)
  expect(await credentials.find(desktop)).toBeNull()
})

test('a keychain whose key lies beside it is named for what it is worth', async () => {
  const { open, entries } = fakeKeychain()
  const credentials = createCredentials({ open, lasting: 'file' })
  await credentials.keep(desktop, 'token-1', credentials.lasting)
  expect([...entries.values()]).toEqual(['token-1'])
  expect(await createCredentials({ open, lasting: 'file' }).find(desktop)).toEqual({
    token: 'token-1',
    storage: 'file',
  })
})

test('a token in memory never reaches the keychain and is gone with the app', async () => {
  const { open, entries } = fakeKeychain()
  const credentials = createCredentials({ open })
  await credentials.keep(desktop, 'token-1', 'memory')
  expect(await credentials.find(desktop)).toEqual({ token: 'token-1', storage: 'memory' })
  expect([...entries]).toEqual([])
  expect(await createCredentials({ open }).find(desktop)).toBeNull()
  await credentials.forget(desktop)
  expect(await credentials.find(desktop)).toBeNull()
})

test('without a keychain nothing is kept, and the sentence says what to install', async () => {
  const credentials = createCredentials({ open: () => Promise.reject(new Error('no bus')), platform: 'linux' })
  const refusal = { code: 'keychain_unavailable', message: expect.stringContaining('install gnome-keyring or KWallet') }
  await expect(credentials.keep(desktop, 'token-1', 'keychain')).rejects.toMatchObject(refusal)
  await expect(credentials.find(desktop)).rejects.toMatchObject(refusal)
  await expect(credentials.forget(desktop)).rejects.toMatchObject(refusal)
})

test('memory serves without a keychain, once somebody has chosen it', async () => {
  const credentials = createCredentials({ open: () => Promise.reject(new Error('no bus')) })
  await credentials.keep(desktop, 'token-1', 'memory')
  expect(await credentials.find(desktop)).toEqual({ token: 'token-1', storage: 'memory' })
  await credentials.forget(desktop)
})

test('a keychain that waits for an unlocking that never comes is unavailable', async () => {
  const credentials = createCredentials({ open: () => new Promise(() => {}), timeout: 20 })
  await expect(credentials.find(desktop)).rejects.toMatchObject({ code: 'keychain_unavailable' })
})

test('the secret never appears in what is thrown', async () => {
  const open: OpenKeychain = async () => ({
    getPassword: async () => null,
    setPassword: async () => Promise.reject(new Error('locked')),
    deletePassword: async () => false,
  })
  const error: unknown = await createCredentials({ open })
    .keep(desktop, 'token-1', 'keychain')
    .catch((e) => e)
  expect(`${error} ${JSON.stringify(error)}`).not.toContain('token-1')
})

function fakeKeychain(): { open: OpenKeychain; entries: Map<string, string> } {
  const entries = new Map<string, string>()
  const open: OpenKeychain = async (service, account) => {
    const key = `${service}/${account}`
    return {
      getPassword: async () => entries.get(key) ?? null,
      setPassword: async (secret) => void entries.set(key, secret),
      deletePassword: async () => entries.delete(key),
    }
  }
  return { open, entries }
}
