import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { password, type ServerProcess } from './server-process.ts'

/** Creates the first administrator with the link that the server printed, as a person does. */
export async function setUpInConsole(
  page: Page,
  server: Pick<ServerProcess, 'setupLink'>,
  email: string,
): Promise<void> {
  await page.goto(server.setupLink ?? '')
  await page.getByLabel('Name').fill('Ada Lovelace')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create administrator' }).click()
  await page.getByRole('heading', { name: 'Screens', exact: true }).waitFor()
}

/** Approves the code that a kiosk shows, as an operator does, after a look at what is asking. */
export async function approveInConsole(page: Page, url: string, code: string, name: string): Promise<void> {
  await page.goto(`${url}/enrol`)
  await page.getByLabel('Code on the screen').fill(code.toLowerCase())
  await page.getByRole('button', { name: 'Continue' }).click()
  const asker = page.locator('dl')
  await asker.waitFor()
  const facts = await asker.textContent()
  expect(facts).toMatch(/127\.0\.0\.1/)
  expect(facts).toMatch(/0\.1\.0/)
  await page.getByLabel('Name of the screen').fill(name)
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByRole('heading', { name: `${name} is approved` }).waitFor()
}

const folder = join(import.meta.dirname, '../screenshots/product')

/** Takes the page in both themes and both sizes that every view must look right in. */
export async function photograph(page: Page, name: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [width, height] of [
    [800, 480],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}x${height}.png`) })
    }
  }
}

/** Where the pictures of the running product are kept. */
export async function photographPath(name: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  return join(folder, `${name}.png`)
}
