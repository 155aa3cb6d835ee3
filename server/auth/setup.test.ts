import { expect, test } from 'vitest'
import { ada, address, cookiesOf, password, startAuth } from './auth-fixture.ts'

const person = { name: 'Ada', email: ada.email, password }

test('the set-up link creates the first administrator, signed in', async () => {
  await using server = await startAuth()
  const { setup, identify, users } = server.auth
  expect(await setup.isDone()).toBe(false)
  const token = await setup.createToken()
  await setup.check(token)
  const { cookies } = await setup.complete({ token, ...person }, address)
  expect(await setup.isDone()).toBe(true)
  expect(await identify(new Headers({ cookie: cookiesOf(cookies) }))).toMatchObject({
    by: 'cookie',
    identity: { kind: 'user', role: 'admin', name: 'Ada', email: ada.email },
  })
  expect((await users.list()).items).toMatchObject([{ email: ada.email, role: 'admin' }])
  expect(await server.auth.signIn(ada.email, password, address)).toHaveProperty('token')
})

test('who set the server up is on record as their account has them', async () => {
  await using server = await startAuth()
  const { setup, audit } = server.auth
  await setup.complete({ token: await setup.createToken(), ...person, email: 'Ada@Example.org' }, address)
  const { items } = await audit.list({ action: 'setup' }, { limit: 1, cursor: null })
  expect(items).toMatchObject([{ actor: { name: 'Ada <ada@example.org>' } }])
})

test('set-up happens once', async () => {
  await using server = await startAuth()
  const { setup } = server.auth
  const token = await setup.createToken()
  await setup.complete({ token, ...person }, address)
  await expect(setup.check(token)).rejects.toMatchObject({ code: 'setup_done' })
  const again = { token, ...person, email: 'eve@example.org' }
  await expect(setup.complete(again, address)).rejects.toMatchObject({ code: 'setup_done' })
  const fresh = await setup.createToken()
  await expect(setup.complete({ ...again, token: fresh }, address)).rejects.toMatchObject({ code: 'setup_done' })
  expect((await server.auth.users.list()).items).toHaveLength(1)
})

test('of two that complete it at the same time one becomes administrator', async () => {
  await using server = await startAuth()
  const { setup } = server.auth
  const token = await setup.createToken()
  const outcomes = await Promise.allSettled([
    setup.complete({ token, ...person }, address),
    setup.complete({ token, ...person, email: 'eve@example.org' }, address),
  ])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'setup_done' } })
  expect((await server.auth.users.list()).items).toHaveLength(1)
})

test('a wrong, replaced or old link is refused', async () => {
  await using server = await startAuth()
  const { setup } = server.auth
  const invalid = { code: 'setup_link_invalid' }
  await expect(setup.check('guess')).rejects.toMatchObject(invalid)
  const first = await setup.createToken()
  const second = await setup.createToken()
  await expect(setup.check(first)).rejects.toMatchObject(invalid)
  await expect(setup.complete({ token: first, ...person }, address)).rejects.toMatchObject(invalid)
  await setup.check(second)
  server.forward(24 * 3600)
  await expect(setup.check(second)).rejects.toMatchObject(invalid)
  expect((await server.auth.users.list()).items).toEqual([])
})

test('the token is not in the database', async () => {
  await using server = await startAuth()
  const token = await server.auth.setup.createToken()
  const rows = await server.database.all('select * from setup_token')
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain(token)
})

test('a set-up that fails can be tried again with the same link', async () => {
  await using server = await startAuth()
  await server.auth.users.create({ ...ada, role: 'viewer' })
  const token = await server.auth.setup.createToken()
  await expect(server.auth.setup.complete({ token, ...person }, address)).rejects.toMatchObject({
    code: 'already_exists',
  })
  const other = { ...person, email: 'grace@example.org' }
  expect(await server.auth.setup.complete({ token, ...other }, address)).toHaveProperty('cookies')
})
