import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { CarillonBridge } from '#protocol/ipc.ts'
import { type DesktopSession, startDesktopSession } from '../support/desktop-session.ts'
import { bearer, password, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { desktopState, filesHolding, type openApp } from './open-app.ts'

const execute = promisify(execFile)
export const email = 'ada@example.org'

/**
 * The desktop scenario: sign in once, find the token in the keychain and nowhere else, be signed in after a restart,
 * sign out and leave nothing.
 */
export async function signInOnce(
  open: (session: DesktopSession, args?: readonly string[]) => ReturnType<typeof openApp>,
): Promise<void> {
  await using server = await startServerProcess()
  await using session = await startDesktopSession()
  await signIn(server, email, 'operator')
  {
    await using app = await open(session, [`--server=${server.url}`])
    await fillIn(app.page)
    await desktopState(app.page, (state) => state.phase === 'signed-in' && state.link.phase === 'online')
  }
  const token = await storedToken(session, server)
  expect(token.length).toBeGreaterThan(20)
  {
    await using app = await open(session)
    const state = await desktopState(app.page, (one) => one.phase === 'signed-in' && one.link.phase === 'online')
    expect(state).toMatchObject({ account: { email, role: 'operator' }, storage: 'keychain', server: server.url })
    expect(await filesHolding(app.userData, email)).toHaveLength(1) // so the search does find what is there
    expect(await filesHolding(session.home, token)).toEqual([])
    // What is signed is the part in front; neither half may be anywhere.
    expect(await filesHolding(app.userData, token.split('.')[0] ?? token)).toEqual([])
    expect(app.output()).not.toContain(token)
    const signedOut = await app.page.evaluate(() =>
      (window as { carillon?: CarillonBridge }).carillon?.desktop?.signOut(),
    )
    expect(signedOut).toEqual({ ok: true })
  }
  await expect(storedToken(session, server)).rejects.toThrow()
  expect((await server.api('GET', '/api/v1/me', { headers: bearer(token) })).status).toBe(401)
}

/** Fills in the form and sends it. */
export async function fillIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

async function storedToken(session: DesktopSession, server: ServerProcess): Promise<string> {
  const of = ['service', 'carillon', 'username', `desktop ${server.url}`]
  const { stdout } = await execute('secret-tool', ['lookup', ...of], { env: session.env, timeout: 10_000 })
  return stdout
}
