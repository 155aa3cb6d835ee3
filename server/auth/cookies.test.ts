import { expect, test } from 'vitest'
import { ada, address, password, startAuth } from './auth-fixture.ts'

/** The cookies of the first sign-in there is. */
async function cookies(baseUrl: string) {
  await using server = await startAuth({ baseUrl })
  const token = await server.auth.setup.createToken()
  const request = { token, name: 'Ada', email: ada.email, password }
  return (await server.auth.setup.complete(request, address)).cookies
}

test('the cookie of a session is for this server alone, and no page reads it', async () => {
  const [cookie = ''] = await cookies('http://127.0.0.1:8750')
  expect(cookie).toMatch(/^carillon\.session_token=[^;]+; /)
  expect(cookie.split('; ').slice(1).toSorted()).toEqual(['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Lax'])
})

test('over TLS it is never sent without, and its name says so', async () => {
  const [cookie = ''] = await cookies('https://carillon.example.org')
  expect(cookie).toMatch(/^__Secure-carillon\.session_token=[^;]+; /)
  expect(cookie.split('; ')).toEqual(expect.arrayContaining(['Secure', 'HttpOnly', 'SameSite=Lax']))
})
