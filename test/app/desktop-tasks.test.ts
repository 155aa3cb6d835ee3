import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { taskDetail } from '#protocol/tasks.ts'
import { openPassage } from '../faults/passage.ts'
import { startDesktopSession } from '../support/desktop-session.ts'
import { describeWith } from '../support/needs.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { desktopState, openApp } from './open-app.ts'
import { email, fillIn } from './sign-in-once.ts'

describeWith(['electron', 'xvfb', 'keyring'], 'tasks in the desktop app', () => {
  test('a ten-second task is started from the window, goes on while the lid is closed, and its result is found', async () => {
    await using server = await startServerProcess()
    await using passage = await openPassage(Number(new URL(server.url).port))
    await using session = await startDesktopSession({ notifications: false })
    const { token } = await signIn(server, email, 'operator')
    await using app = await openApp(session, [`--server=http://127.0.0.1:${passage.port}`])
    const { page } = app
    await fillIn(page)
    await desktopState(page, (state) => state.phase === 'signed-in' && state.link.phase === 'online')

    await startAddition(page, 10)
    const bar = page.getByRole('progressbar', { name: 'Progress of carillon.add' })
    const seen = async () => Number(await bar.getAttribute('aria-valuenow'))
    await expect.poll(seen).toBeGreaterThan(0)
    const early = await seen()
    await expect.poll(seen).toBeGreaterThan(early)

    // The lid: no socket, and none to be had.
    passage.set('reset')
    await desktopState(page, (state) => state.phase === 'signed-in' && state.link.phase === 'offline')
    const [task] = await tasksOf(server, token)
    expect(task).toMatchObject({ name: 'carillon.add', state: 'running' })
    await vi.waitFor(async () => expect(await tasksOf(server, token)).toMatchObject([{ state: 'succeeded' }]), {
      ...{ timeout: 20_000, interval: 250 },
    })
    expect(await page.locator('.task-state').textContent()).toBe('Running')

    passage.set('open')
    await page.locator('.task-result').waitFor({ timeout: 20_000 })
    expect(await page.locator('.task-result').textContent()).toBe('5')
    expect(await page.locator('.task-state').textContent()).toBe('Done')
    expect(await bar.count()).toBe(0)
    const { tries } = taskDetail.parse(
      (await server.api('GET', `/api/v1/tasks/${task?.id}`, { headers: bearer(token) })).body,
    )
    expect(tries).toBe(1)
  }, 120_000)

  test('an app that was closed meanwhile finds the result when it is opened again', async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ notifications: false })
    const { token } = await signIn(server, email, 'viewer')
    {
      await using app = await openApp(session, [`--server=${server.url}`])
      await fillIn(app.page)
      await startAddition(app.page, 3)
      await app.page.getByRole('progressbar', { name: 'Progress of carillon.add' }).waitFor()
    }
    await vi.waitFor(async () => expect(await tasksOf(server, token)).toMatchObject([{ state: 'succeeded' }]), {
      ...{ timeout: 20_000, interval: 250 },
    })
    await using app = await openApp(session)
    await app.page.getByText('Tasks', { exact: true }).click()
    await app.page.locator('.task-result').getByText('5', { exact: true }).waitFor({ timeout: 20_000 })
  }, 120_000)
})

/** Through the form, as a person does. */
async function startAddition(page: Page, seconds: number): Promise<void> {
  await page.getByText('Tasks', { exact: true }).click()
  await page.getByRole('button', { name: 'carillon.add' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'X', exact: true }).fill('2')
  await dialog.getByRole('textbox', { name: 'Y', exact: true }).fill('3')
  await dialog.getByRole('textbox', { name: 'Seconds (optional)' }).fill(String(seconds))
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function tasksOf(server: ServerProcess, token: string) {
  const { body } = await server.api('GET', '/api/v1/tasks?mine=true', { headers: bearer(token) })
  return (body as { items: { id: string; name: string; state: string }[] }).items
}
