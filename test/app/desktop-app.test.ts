import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { CarillonBridge, FeedEvent, Outcome } from '#protocol/ipc.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { createKey, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { desktopState, openApp } from './open-app.ts'
import { email, fillIn, signInOnce } from './sign-in-once.ts'

describeWith(['electron', 'xvfb', 'keyring', 'notifications'], 'the desktop app', () => {
  test('signing in once keeps the token in the keychain and in no file, and a restart does not ask', async () => {
    await signInOnce((session, args) => openApp(session, args))
  })

  test('an event on a followed channel is in the list, and a notification when the window is not in front', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession()
    await signIn(server, email, 'operator')
    const key = await createKey(server, ['publish'])
    await using app = await openApp(session, [`--server=${server.url}`])
    await fillIn(app.page)
    await desktopState(app.page, (state) => state.phase === 'signed-in' && state.link.phase === 'online')
    expect(await follow(app.page, 'news:general')).toEqual({ ok: true })
    await app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    await publish(server, key, { title: 'Lunch', message: 'Soup is ready' })
    const shown = await session.waitForNotification(({ summary }) => summary === 'Lunch')
    expect(shown.body).toBe('Soup is ready')
    expect(await events(app.page)).toMatchObject([{ channel: 'news:general', offset: 1, data: { title: 'Lunch' } }])
    await expect.poll(app.log).toContain('received channel=news:general offset=1')
    expect(await app.log()).not.toContain('Soup')
  })

  test('what was shown before a restart and what was published meanwhile is there again, and rings for nobody', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession()
    await signIn(server, email, 'operator')
    const key = await createKey(server, ['publish'])
    {
      await using app = await openApp(session, [`--server=${server.url}`])
      await fillIn(app.page)
      await desktopState(app.page, (state) => state.phase === 'signed-in' && state.link.phase === 'online')
      expect(await follow(app.page, 'news:general')).toEqual({ ok: true })
      await publish(server, key, { message: 'Shown' })
      await app.page.getByText('Shown', { exact: true }).waitFor()
    }
    await publish(server, key, { message: 'Missed' })
    await using app = await openApp(session)
    await app.page.getByText('Missed', { exact: true }).waitFor()
    await publish(server, key, { message: 'Live' })
    await app.page.getByText('Live', { exact: true }).waitFor()
    expect(await app.page.locator('.event-message').allTextContents()).toEqual(['Live', 'Missed', 'Shown'])
    expect(await events(app.page)).toMatchObject([
      { offset: 1, receivedAt: null },
      { offset: 2, receivedAt: null },
      { offset: 3, receivedAt: expect.any(Number) },
    ])
    await expect.poll(app.log).toContain('read channel=news:general count=2')
    await app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    await publish(server, key, { message: 'Rings' })
    // Notifications come in order: had what was missed rung, it would be the first of the two.
    const first = await session.waitForNotification(({ body }) => body === 'Missed' || body === 'Rings')
    expect(first.body).toBe('Rings')
  })

  test('without a keychain the app says so, and stays signed in only while it is open if the person agrees', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ keyring: false, notifications: false })
    await signIn(server, email, 'viewer')
    {
      await using app = await openApp(session, [`--server=${server.url}`])
      await fillIn(app.page)
      const dialog = app.page.getByRole('dialog')
      await dialog.waitFor()
      expect(await dialog.textContent()).toContain('gnome-keyring')
      await dialog.getByRole('button', { name: /stay signed in/i }).click()
      const state = await desktopState(app.page, (one) => one.phase === 'signed-in' && one.link.phase === 'online')
      expect(state).toMatchObject({ storage: 'memory' })
    }
    await using app = await openApp(session)
    expect(await desktopState(app.page, ({ phase }) => phase !== 'starting')).toMatchObject({ phase: 'signed-out' })
  })

  test('with its server gone a signed-in app still opens, and comes online by itself', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ notifications: false })
    await signIn(server, email, 'viewer')
    {
      await using app = await openApp(session, [`--server=${server.url}`])
      await fillIn(app.page)
      await desktopState(app.page, (state) => state.phase === 'signed-in' && state.link.phase === 'online')
    }
    await server.kill()
    await using app = await openApp(session)
    const state = await desktopState(app.page, (one) => one.phase === 'signed-in' && one.link.phase === 'offline')
    expect(state).toMatchObject({ account: { email }, link: { code: 'server_unreachable' } })
    await server.start()
    await desktopState(app.page, (one) => one.phase === 'signed-in' && one.link.phase === 'online')
  })
})

function follow(page: Page, channel: string): Promise<Outcome | undefined> {
  return page.evaluate((name) => (window as { carillon?: CarillonBridge }).carillon?.desktop?.follow(name), channel)
}

async function events(page: Page): Promise<readonly FeedEvent[]> {
  return (await page.evaluate(() => (window as { carillon?: CarillonBridge }).carillon?.desktop?.events())) ?? []
}

function publish(server: ServerProcess, key: string, data: unknown) {
  return server.api('POST', '/api/publish', { headers: { 'x-api-key': key }, body: { channel: 'news:general', data } })
}
