import { expect, test } from 'vitest'
import { CredentialsError } from './credentials.ts'
import { holdCredential } from './held-credential.ts'
import { memoryLog } from './log.ts'
import { ServerError } from './server-error.ts'

const account = { kind: 'kiosk', server: 'http://bells.example.org' } as const

/** A server and a keychain that write down what happens, in order. */
function build({ fails }: { fails?: 'server' | 'keychain' | 'use' } = {}) {
  const happened: string[] = []
  const step = (name: string) => void happened.push(name)
  const away = () => Promise.reject(new ServerError('server_unreachable', 'It is away.'))
  const log = memoryLog()
  const held = holdCredential({
    api: {
      async deviceCredential(token, storage) {
        step(`ask with ${token} in ${storage}`)
        return fails === 'server' ? away() : { token: 'new', expiresAt: '2030-01-01T00:00:00Z' }
      },
      async me(token) {
        step(`use ${token}`)
        return fails === 'use' ? away() : ({} as never)
      },
      async reportDevice(token, storage) {
        step(`report ${storage} with ${token}`)
        if (fails === 'server') await away()
      },
    },
    credentials: {
      async keep(_account, token, storage) {
        step(`keep ${token} in ${storage}`)
        if (fails === 'keychain') throw new CredentialsError('It is locked.')
      },
    },
    ...{ account, log, credential: { token: 'old', storage: 'keychain' } },
  })
  return { held, happened, log }
}

test('a new credential is kept before it is used', async () => {
  const { held, happened, log } = build()
  await Promise.all([held.renew(), held.renew()])
  expect(happened).toEqual(['ask with old in keychain', 'keep new in keychain', 'use new'])
  expect(held.current).toEqual({ token: 'new', storage: 'keychain' })
  expect(log.lines.join()).not.toMatch(/old|new\b/)
})

test.each(['server', 'keychain'] as const)('where the %s fails the present credential goes on', async (fails) => {
  const { held, happened } = build({ fails })
  await held.renew()
  expect(held.current.token).toBe('old')
  expect(happened.some((step) => step.startsWith('use'))).toBe(false)
  await held.renew()
  expect(happened.filter((step) => step.startsWith('ask'))).toHaveLength(2)
})

test('a credential that is kept is the present one, also when its first use fails', async () => {
  const { held } = build({ fails: 'use' })
  await held.renew()
  expect(held.current.token).toBe('new')
})

test('where the credential is kept is told once, and again when it was not heard', async () => {
  const { held, happened } = build()
  await held.report()
  await held.report()
  expect(happened).toEqual(['report keychain with old'])
  const unheard = build({ fails: 'server' })
  await unheard.held.report()
  await unheard.held.report()
  expect(unheard.happened).toHaveLength(2)
})
