import { expect, test } from 'vitest'
import { ada, address, anotherAdmin, fastPasswords, operator, password, signedIn, startAuth } from './auth-fixture.ts'
import type { Passwords } from './passwords.ts'

const better = 'four bells and a harp'

/** Passwords whose next verification waits until it is let go: it takes a quarter of a second in earnest. */
function slowPasswords() {
  let gate: Promise<void> = Promise.resolve()
  let arrived = () => {}
  const passwords: Passwords = {
    hash: fastPasswords.hash,
    async verify(attempt) {
      const isRight = await fastPasswords.verify(attempt)
      arrived()
      await gate
      return isRight
    },
  }
  return {
    passwords,
    /** The next verification is looked at, and held. */
    hold() {
      const held = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()
      gate = held.promise
      arrived = reached.resolve
      return { reached: reached.promise, release: held.resolve }
    },
  }
}

test('whoever was signing in with the old password while it was taken away has no session', async () => {
  const { passwords, hold } = slowPasswords()
  await using server = await startAuth({ passwords })
  const { auth, database } = server
  const user = await auth.users.create(ada)
  await anotherAdmin(auth)
  const { reached, release } = hold()
  const attempt = auth.signIn(ada.email, password, address)
  await reached
  await auth.passwords.startReset(user.id, operator)
  release()
  await expect(attempt).rejects.toMatchObject({ code: 'wrong_credentials' })
  expect(await database.all('select id from session where "userId" = ?', user.id)).toEqual([])
  const { items } = await auth.audit.list({ action: 'sign_in' }, { limit: 5, cursor: null })
  expect(items.map(({ outcome }) => outcome)).toEqual(['refused'])
})

test('whoever was changing the password while it was taken away sets none, and the link still does', async () => {
  const { passwords, hold } = slowPasswords()
  await using server = await startAuth({ passwords })
  const { auth } = server
  const { identity, user } = await signedIn(auth)
  const { reached, release } = hold()
  const attempt = auth.passwords.change(identity, password, 'a password of the thief')
  await reached
  const { link } = await auth.passwords.startReset(user.id, operator)
  release()
  await expect(attempt).rejects.toMatchObject({ code: 'wrong_password' })
  await auth.passwords.reset(new URL(link).searchParams.get('token') ?? '', better)
  expect(await auth.signIn(ada.email, better, address)).toHaveProperty('token')
})

test('a new password is looked at for who knows the old one', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity } = await signedIn(auth)
  const change = (given: string, next = 'password12') => auth.passwords.change(identity, given, next)
  await expect(change('wrong')).rejects.toMatchObject({ code: 'wrong_password' })
  await expect(change(password)).rejects.toMatchObject({ code: 'bad_request' })
  const same = { code: 'bad_request', message: expect.stringMatching(/the password that you have/) }
  await expect(change(password, password)).rejects.toMatchObject(same)
  await expect(change('wrong', 'wrong')).rejects.toMatchObject({ code: 'wrong_password' })
})

test('a password that is set instead of a link is looked at first: one that is refused leaves the old one', async () => {
  await using server = await startAuth()
  const { auth, database } = server
  const { user, identity, token } = await signedIn(auth)
  await anotherAdmin(auth)
  await expect(auth.passwords.set(user.id, 'password12', operator)).rejects.toMatchObject({ code: 'bad_request' })
  await expect(auth.passwords.set(user.id, better, identity)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(auth.passwords.set('nobody', better, operator)).rejects.toMatchObject({ code: 'not_found' })
  const bearer = new Headers({ authorization: `Bearer ${token}` })
  expect(await auth.identify(bearer)).toMatchObject({ identity: { userId: user.id } })

  const { link } = await auth.passwords.createLink(user.id)
  await auth.passwords.set(user.id, better, operator)
  await expect(auth.identify(bearer)).rejects.toMatchObject({ code: 'invalid_token' })
  expect(await database.all('select id from session where "userId" = ?', user.id)).toEqual([])
  await expect(auth.passwords.check(new URL(link).searchParams.get('token') ?? '')).rejects.toMatchObject({
    code: 'reset_link_invalid',
  })
  await expect(auth.signIn(ada.email, password, address)).rejects.toMatchObject({ code: 'wrong_credentials' })
  expect(await auth.signIn(ada.email, better, address)).toHaveProperty('token')
  const { items } = await auth.audit.list({ action: 'password_reset' }, { limit: 5, cursor: null })
  expect(items).toMatchObject([{ actor: { kind: 'local' }, target: { id: user.id }, outcome: 'done' }])
})

test('the link of an account that is disabled sets nothing', async () => {
  await using server = await startAuth()
  const { auth } = server
  const user = await auth.users.create(ada)
  await anotherAdmin(auth)
  const { link } = await auth.passwords.startReset(user.id, operator)
  const token = new URL(link).searchParams.get('token') ?? ''
  await auth.users.setDisabled(user.id, true)
  await expect(auth.passwords.check(token)).rejects.toMatchObject({ code: 'reset_link_invalid' })
  await expect(auth.passwords.reset(token, better)).rejects.toMatchObject({ code: 'reset_link_invalid' })
})
