import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/chromium.ts'
import { setUpInConsole } from '../support/console-page.ts'
import { describeWith } from '../support/needs.ts'
import { openServedConsole, type ServedConsole } from '../support/served-console.ts'

/** Long work as a person submits and follows it, against a server that runs and carries it out. */
describeWith(['chromium'], 'tasks in the console of a server', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  async function open(): Promise<ServedConsole> {
    const opened = await openServedConsole(browser)
    const { server, page } = opened
    await setUpInConsole(page, server, 'ada@example.org')
    await page.getByRole('link', { name: 'Tasks', exact: true }).click()
    return opened
  }

  async function submitAdd(page: Page, numbers: readonly [number, number], seconds: number): Promise<void> {
    await page.getByRole('button', { name: 'Submit a task' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: 'Task' }).click()
    await page.getByRole('option', { name: 'carillon.add' }).click()
    await dialog.getByLabel('X', { exact: true }).fill(String(numbers[0]))
    await dialog.getByLabel('Y', { exact: true }).fill(String(numbers[1]))
    await dialog.getByLabel('Seconds').fill(String(seconds))
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('heading', { name: 'carillon.add' }).waitFor()
  }
  const rowOf = (page: Page) => page.getByRole('table', { name: 'Tasks' }).getByRole('row').nth(1)

  test('one is submitted, its bar moves, and its result is there', async () => {
    await using opened = await open()
    const { page, faults } = opened
    await page.getByRole('heading', { name: 'No tasks yet' }).waitFor()
    await submitAdd(page, [2, 3], 4)
    const bar = page.getByRole('progressbar')
    const done = async (): Promise<number> => Number(await bar.getAttribute('value'))
    await expect.poll(done).toBeGreaterThan(0)
    const before = await done()
    await expect.poll(done).toBeGreaterThan(before)
    await page.getByRole('heading', { name: 'Result' }).waitFor()
    expect(await page.getByRole('region', { name: 'Result' }).locator('pre').textContent()).toBe('5')
    expect(await page.getByRole('region', { name: 'Its life' }).getByRole('listitem').allTextContents()).toEqual([
      expect.stringContaining('Submitted'),
      expect.stringContaining('Started'),
      expect.stringContaining('Done'),
    ])

    await page.getByRole('main').getByRole('link', { name: 'Tasks' }).click()
    await rowOf(page).getByText('Done').waitFor()
    await page.getByRole('search').getByLabel('Task').fill('reports.')
    await page.getByRole('heading', { name: 'Nothing fits' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Nothing fits' }).waitFor()
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await rowOf(page).getByText('carillon.add').waitFor()
    expect(faults).toEqual([])
  })

  test('one that runs is cancelled, run again, and moves in the list of whoever looks on', async () => {
    await using opened = await open()
    const { page, faults } = opened
    const other = await page.context().newPage()
    await other.goto(page.url())
    await other.getByRole('heading', { name: 'No tasks yet' }).waitFor()
    await other.getByText('Online', { exact: true }).waitFor()

    await submitAdd(page, [20, 22], 60)
    await page.getByRole('progressbar').waitFor()
    await rowOf(other).getByRole('progressbar').waitFor()
    await other.getByRole('region', { name: 'Workers' }).getByRole('link', { name: 'carillon.add' }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click()
    await page.getByRole('status').getByText('Cancelled').waitFor()
    await rowOf(other).getByText('Cancelled').waitFor()

    const first = page.url()
    await page.getByRole('button', { name: 'Run again' }).click()
    await expect.poll(() => page.url()).not.toBe(first)
    await page.getByRole('progressbar').waitFor()
    await expect.poll(() => other.getByRole('table', { name: 'Tasks' }).getByRole('row').count()).toBe(3)
    await rowOf(other).getByRole('button', { name: 'Cancel' }).click()
    await other.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click()
    await page.getByRole('status').getByText('Cancelled').waitFor()
    expect(faults).toEqual([])
  })
})
