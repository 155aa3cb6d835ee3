import pino from 'pino'
import { expect, test } from 'vitest'
import type { CloseReason } from '#protocol/close-reasons.ts'
import type { Identity, SocketIdentity } from '#server/auth/identity.ts'
import type { Client } from './client.ts'
import { createIdentityCheck } from './identity-check.ts'

const log = pino({ level: 'silent' })

test('who is no more goes for good, who has become another comes back, and everybody else stays', async () => {
  const people = [person('ada', 'viewer'), person('bob', 'viewer'), person('cy', 'admin')]
  const clients = [...people, external].map(fakeClient)
  const current = async (identity: Identity) => {
    if (identity.userId === 'ada') return null
    return identity.userId === 'bob' ? person('bob', 'admin') : { ...identity }
  }
  using check = createIdentityCheck({ registry: { clients: () => clients }, authenticator: { current }, limits, log })
  check.start()
  await expect.poll(() => clients.map(({ closed }) => closed?.code)).toEqual([3503, 3011, undefined, undefined])
})

test('who is asked for during a round is asked for in another', async () => {
  const asked: string[] = []
  const answers: (() => void)[] = []
  const clients = [fakeClient(person('ada', 'viewer'))]
  const current = async (identity: Identity) => {
    asked.push(identity.userId)
    await new Promise<void>((resolve) => answers.push(resolve))
    return identity
  }
  using check = createIdentityCheck({ registry: { clients: () => clients }, authenticator: { current }, limits, log })
  check.start()
  check.start()
  check.start()
  expect(asked).toEqual(['ada'])
  clients.push(fakeClient(person('bob', 'viewer')))
  for (let n = 1; n <= 3; n++) {
    await expect.poll(() => answers.length).toBe(n)
    answers.at(-1)?.()
  }
  expect(asked).toEqual(['ada', 'ada', 'bob'])
})

const limits = { answerMs: 1_000 }

const external: SocketIdentity = { kind: 'external', userId: 'eva', name: 'eva', info: null, meta: undefined }

function person(name: string, role: 'admin' | 'viewer'): Identity {
  return { kind: 'user', userId: name, sessionId: `of-${name}`, name, email: `${name}@example.org`, role }
}

function fakeClient(identity: SocketIdentity): Client & { closed?: CloseReason } {
  const client = {
    identity,
    isReleased: false,
    closed: undefined as CloseReason | undefined,
    close(reason: CloseReason) {
      client.closed = reason
    },
  }
  return client as unknown as Client & { closed?: CloseReason }
}
