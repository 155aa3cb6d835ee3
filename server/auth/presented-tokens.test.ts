import { decodeJwt, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { bearer, enrolled, operator, signedIn, startAuth } from './auth-fixture.ts'

/** One character of it is another. */
function tampered(token: string, at: number) {
  const index = at < 0 ? token.length + at : at
  return `${token.slice(0, index)}${token[index] === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`
}

test('a token may come in the header that the site has chosen, bare', async () => {
  await using server = await startAuth({ tokenHeader: 'Authentication-Token' })
  const { token, identity } = await signedIn(server.auth)
  const found = await server.auth.identify(new Headers({ 'authentication-token': token }))
  expect(found).toEqual({ identity, by: 'bearer', cookies: [] })
  expect(await server.auth.identify(new Headers({ 'authentication-token': ' ' }))).toBeNull()
  const wrong = new Headers({ 'authentication-token': `Bearer ${token}` })
  await expect(server.auth.identify(wrong)).rejects.toMatchObject({ code: 'invalid_token' })
})

test('the same token in both headers is one token, and two are refused', async () => {
  await using server = await startAuth({ tokenHeader: 'Authentication-Token' })
  const { token } = await signedIn(server.auth)
  const both = (bare: string) => new Headers({ authorization: `Bearer ${token}`, 'authentication-token': bare })
  expect(await server.auth.identify(both(token))).toMatchObject({ by: 'bearer' })
  await expect(server.auth.identify(both('another.token'))).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(/Authentication-Token/),
  })
})

test('without such a header being configured there is none', async () => {
  await using server = await startAuth()
  const { token } = await signedIn(server.auth)
  expect(await server.auth.identify(new Headers({ 'authentication-token': token }))).toBeNull()
})

test('a truncated or tampered token of any kind opens nothing', async () => {
  await using server = await startAuth()
  const { auth } = server
  const person = await signedIn(auth)
  const kiosk = await enrolled(auth)
  const { key } = await auth.keys.create('weather', ['publish'], operator)
  const spoilt = (token: string) => [token.slice(0, -1), token.slice(0, 20), tampered(token, 8), tampered(token, -8)]
  for (const session of [decodeURIComponent(person.token), decodeURIComponent(kiosk.token)].flatMap(spoilt)) {
    await expect(auth.identify(bearer(session)), session).rejects.toMatchObject({ code: 'invalid_token' })
  }
  for (const wrong of spoilt(key)) {
    const presented = new Headers({ 'x-api-key': wrong })
    await expect(auth.identify(presented), wrong).rejects.toMatchObject({ code: 'invalid_token' })
  }
  for (const wrong of spoilt((await auth.tickets.issue(person.identity)).ticket)) {
    expect(await auth.tickets.redeem(wrong), wrong).toBeNull()
  }
  for (const wrong of spoilt((await auth.issueAccessToken(person.identity)).token)) {
    expect(await auth.verifyAccessToken(wrong), wrong).toMatchObject({ ok: false, reason: 'invalid' })
  }
})

test('a token of one kind is none of another', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { token, identity } = await signedIn(auth)
  const { key } = await auth.keys.create('weather', ['publish'], operator)
  const { ticket } = await auth.tickets.issue(identity)
  const access = await auth.issueAccessToken(identity)
  for (const other of [key, ticket, access.token]) {
    await expect(auth.identify(bearer(other)), other).rejects.toMatchObject({ code: 'invalid_token' })
  }
  for (const other of [token, ticket, access.token]) {
    await expect(auth.identify(new Headers({ 'x-api-key': other })), other).rejects.toMatchObject({
      code: 'invalid_token',
    })
  }
  for (const other of [token, key, access.token]) expect(await auth.tickets.redeem(other), other).toBeNull()
  for (const other of [token, key, ticket]) {
    expect(await auth.verifyAccessToken(other), other).toMatchObject({ ok: false, reason: 'invalid' })
  }
})

test('whoever sends a JWT where a session belongs is told what is wrong with it', async () => {
  await using server = await startAuth()
  const { auth } = server
  const { identity } = await signedIn(auth)
  const { token } = await auth.issueAccessToken(identity)
  const refusal = (presented: string) =>
    auth.identify(bearer(presented)).then(
      () => 'taken',
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    )
  expect(await refusal(token)).toMatch(/^invalid_token: .*opens a socket/)
  const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32))
  expect(await refusal(forged)).toMatch(/^invalid_token: .*not one of this server/)
  server.forward(300 + 3600)
  expect(await refusal(token)).toMatch(/^invalid_token: .*expired 60 minutes ago by the clock of this server/)
  server.forward(-2 * 3600 - 600)
  expect(await refusal(token)).toMatch(/^invalid_token: .*from the future.*Set the clocks/)
})
