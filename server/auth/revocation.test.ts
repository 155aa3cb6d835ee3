import { expect, test } from 'vitest'
import { anotherAdmin, bearer, enrolled, operator, signedIn, startAuth } from './auth-fixture.ts'

/** Uses the credential at each news of a revocation, as a client does that comes back at once. */
function usesWhenTold(server: Awaited<ReturnType<typeof startAuth>>, headers: Headers) {
  const uses: Promise<unknown>[] = []
  server.auth.onRevoked(() => {
    uses.push(server.auth.identify(headers).catch((error: unknown) => error))
  })
  return uses
}

test('when sockets are told of a revocation, what was revoked is void already', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token, identity, user } = await signedIn(auth)
  const again = await auth.signIn(user.email, 'correct horse battery', '192.0.2.8')
  await anotherAdmin(auth)
  const ended = usesWhenTold(server, bearer(token))
  if (identity.kind === 'user') await auth.endSession(identity.sessionId)
  expect(await Promise.all(ended)).toEqual([expect.objectContaining({ code: 'invalid_token' })])

  const disabled = usesWhenTold(server, bearer(again.token))
  await auth.users.setDisabled(user.id, true)
  const refused = await Promise.all(disabled)
  expect(refused.length).toBeGreaterThan(1)
  for (const use of refused) expect(use).toMatchObject({ code: 'invalid_token' })
})

test('when sockets are told of a removed device or key, its token is void already', async () => {
  await using server = await startAuth()
  const { auth } = server
  const kiosk = await enrolled(auth)
  const key = await auth.keys.create('weather', ['publish'], operator)
  const removed = usesWhenTold(server, bearer(kiosk.token))
  await auth.devices.remove(kiosk.device.id)
  const refused = await Promise.all(removed)
  expect(refused.length).toBeGreaterThan(0)
  for (const use of refused) expect(use).toMatchObject({ code: 'invalid_token' })
  const revoked = usesWhenTold(server, new Headers({ 'x-api-key': key.key }))
  await auth.keys.revoke(key.id)
  expect(await Promise.all(revoked)).toMatchObject([{ code: 'invalid_token' }])
})
