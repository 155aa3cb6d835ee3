import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { DesktopState, OwnTask, OwnTasksState } from '#protocol/ipc.ts'
import type { TaskDefinitionView, TaskView } from '#protocol/tasks.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { type FakeStart, installFakeMain } from './fake-bridge.ts'
import { axeViolations, findInEveryLook, openPage, type Watched } from './look.ts'
import { noon } from './noon.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const signedIn = {
  phase: 'signed-in',
  server: 'https://carillon.example.org',
  account: { name: 'Ada Lovelace', email: 'ada@example.org', role: 'operator' },
  storage: 'keychain',
  link: { phase: 'online', since: noon },
  follows: [],
  gaps: [],
  refusals: [],
} as const satisfies DesktopState
const offline = {
  phase: 'offline',
  since: noon,
  code: 'connection_lost',
  message: 'The connection to the server was lost.',
} as const

function task(n: number, part: Partial<TaskView> = {}): TaskView {
  const at = new Date(noon - n * 61_000).toISOString()
  return {
    ...{ id: `0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a5${n}`, name: 'reports.monthly', state: 'running' },
    ...{ owner: { id: 'u1', name: 'Ada Lovelace' }, queue: 'celery', priority: 0, submittedAt: at, startAt: at },
    ...{ expiresAt: null, startedAt: at, endedAt: null, tries: 1, progress: 0.43, note: 'Page 3 of 7' },
    ...{ worker: 'carillon_8750', error: null, files: [], isCancelling: false },
    ...part,
  }
}
const running: OwnTask = { task: task(1), result: undefined }
const tasks: readonly OwnTask[] = [
  running,
  { task: task(2, { name: 'carillon.export', progress: null, note: null }), result: undefined },
  { task: task(3, { state: 'waiting', progress: null, note: null, name: 'carillon.webhook' }), result: undefined },
  { task: task(4, { isCancelling: true, progress: 0.8, note: 'Almost there' }), result: undefined },
  { task: task(5, { state: 'succeeded', progress: 1, name: 'carillon.add' }), result: { sum: 5, of: [2, 3] } },
  {
    task: task(6, {
      ...{
        state: 'failed',
        name: 'reports.a_rather_long_name.for_a_task.that_goes_on_and_on_until_it_has_to_be_broken',
      },
      error: { type: 'ConnectionError', message: 'Nothing answers at printer.example.org. Is it switched on?' },
    }),
    result: undefined,
  },
  {
    task: task(7, { state: 'succeeded', files: [{ name: 'fleet.csv', bytes: 3120, type: 'text/csv' }] }),
    result: '31 devices, 2 of them offline.',
  },
  { task: task(8, { state: 'cancelled' }), result: undefined },
  { task: task(9, { state: 'expired' }), result: undefined },
]

const report = z.object({
  month: z.int().min(1).max(12).describe('From 1 to 12.'),
  title: z.string().describe('What stands above it.'),
  format: z.enum(['csv', 'pdf']).default('csv'),
  isDraft: z.boolean().optional(),
  where: z.record(z.string(), z.unknown()).optional().describe('Which devices, as a query.'),
})
const definition: TaskDefinitionView = {
  name: 'reports.monthly',
  description: 'Writes what happened in a month.',
  queue: 'celery',
  arguments: z.toJSONSchema(report, { io: 'input' }),
  roles: ['operator', 'admin'],
  schedule: null,
  nextAt: null,
}
const definitions: readonly TaskDefinitionView[] = [
  { ...definition, name: 'carillon.fleet_report', description: 'A file of all devices with their states.' },
  definition,
  { ...definition, name: 'images.resize', description: 'Runs on a worker of another language.', arguments: null },
]

interface View {
  readonly link?: (typeof signedIn)['link'] | typeof offline
  readonly tasks: OwnTasksState
  readonly act?: (watched: Watched) => Promise<unknown>
}
const choose =
  (name: string) =>
  async ({ page }: Watched) => {
    await page.getByRole('button', { name }).click()
    await page.getByRole('dialog').waitFor()
  }
const views: Readonly<Record<string, View>> = {
  list: { tasks: { tasks, definitions } },
  none: { tasks: { tasks: [], definitions: [] } },
  offline: { tasks: { tasks: tasks.slice(0, 3), definitions }, link: offline },
  form: { tasks: { tasks: [], definitions }, act: choose('reports.monthly') },
  'form-json': { tasks: { tasks: [], definitions }, act: choose('images.resize') },
  'form-errors': {
    tasks: { tasks: [], definitions },
    async act(watched) {
      await choose('reports.monthly')(watched)
      await watched.page.getByRole('button', { name: 'Start' }).click()
      await watched.page.getByText('Fill this in.').waitFor()
    },
  },
}

describeWith(['chromium'], 'the tasks of the desktop window', () => {
  let browser: Browser
  let built: BuiltPage
  beforeAll(async () => {
    built = await buildPage('desktop')
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.[Symbol.asyncDispose]()
  })

  async function openTasks(given: OwnTasksState, link: DesktopState & { phase: 'signed-in' } = signedIn) {
    const watched = await openPage(browser)
    const start: FakeStart = { desktop: { state: link, events: [], tasks: given } }
    await watched.page.addInitScript(installFakeMain, start)
    await watched.page.goto(built.url)
    await watched.page
      .getByText(/^Tasks/)
      .first()
      .click()
    await watched.page.getByRole('heading', { name: 'Start a task' }).waitFor()
    return watched
  }
  const calls = ({ page }: Watched) => page.evaluate(() => window.fakeMain.calls)
  const tell = ({ page }: Watched, state: OwnTasksState) =>
    page.evaluate((told) => window.fakeMain.tellTasks(told), state as unknown as { tasks: []; definitions: [] })
  const refuse = ({ page }: Watched, name: string, message: string) =>
    page.evaluate(([of, said]) => window.fakeMain.answer(of, { ok: false, code: 'x', message: said }), [
      name,
      message,
    ] as const)

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { tasks: given, link = signedIn.link, act } = views[name] as View
    await using desktop = await openTasks(given, { ...signedIn, link })
    await act?.(desktop)
    const wrong = await findInEveryLook(desktop.page, `desktop-tasks-${name}`, axeViolations)
    expect([...wrong, ...desktop.faults]).toEqual([])
  })

  test('a task is started with what has been filled in', async () => {
    await using desktop = await openTasks({ tasks: [], definitions })
    const { page } = desktop
    await choose('reports.monthly')(desktop)
    await page.getByRole('textbox', { name: 'Month' }).fill('3')
    await page.getByLabel('Title').fill('March')
    await page.getByLabel('Is draft').check()
    await page.getByLabel('Where (optional)').fill('{"floor":')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('Give valid JSON').waitFor()
    expect(await calls(desktop)).toEqual([])
    await page.getByLabel('Where (optional)').fill('{"floor": 2}')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    const args = { month: 3, title: 'March', format: 'csv', isDraft: true, where: { floor: 2 } }
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'submitTask', args: ['reports.monthly', args] }])
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('what the server refuses is said in the form, and what was filled in stays', async () => {
    await using desktop = await openTasks({ tasks: [], definitions })
    const { page } = desktop
    await refuse(desktop, 'submitTask', 'month: There was no such month.')
    await choose('reports.monthly')(desktop)
    await page.getByRole('textbox', { name: 'Month' }).fill('3')
    await page.getByLabel('Title').fill('March')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('There was no such month.').waitFor()
    expect(await page.getByLabel('Title').inputValue()).toBe('March')
  })

  test('the bar moves, and gives way to the result', async () => {
    await using desktop = await openTasks({ tasks: [running], definitions })
    const { page } = desktop
    const bar = page.getByRole('progressbar', { name: 'Progress of reports.monthly' })
    await tell(desktop, { tasks: [{ task: task(1, { progress: null, note: null }), result: undefined }], definitions })
    await expect.poll(() => bar.getAttribute('aria-valuenow')).toBeNull()
    await tell(desktop, { tasks: [running], definitions })
    await expect.poll(() => bar.getAttribute('aria-valuenow')).toBe('43')
    expect(await bar.getAttribute('aria-valuenow')).toBe('43')
    await tell(desktop, { tasks: [{ task: task(1, { progress: 0.9 }), result: undefined }], definitions })
    await expect.poll(() => bar.getAttribute('aria-valuenow')).toBe('90')
    await page.getByText('Tasks (1)').waitFor()
    await tell(desktop, {
      tasks: [{ task: task(1, { state: 'succeeded', progress: 1 }), result: 'Seven pages.' }],
      definitions,
    })
    await page.getByText('Seven pages.').waitFor()
    expect(await bar.count()).toBe(0)
  })

  test('a file of a task is saved', async () => {
    await using desktop = await openTasks({ tasks: tasks.slice(6, 7), definitions })
    await desktop.page.getByRole('button', { name: 'Save fleet.csv' }).click()
    await expect.poll(() => calls(desktop)).toEqual([{ name: 'saveTaskFile', args: [tasks[6]?.task.id, 'fleet.csv'] }])
  })

  test('a task is cancelled and run again, and a refusal is said at its place', async () => {
    await using desktop = await openTasks({ tasks: [running, ...tasks.slice(7, 8)], definitions })
    const { page } = desktop
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Run again' }).click()
    await expect
      .poll(() => calls(desktop))
      .toEqual([
        { name: 'cancelTask', args: [running.task.id] },
        { name: 'retryTask', args: [tasks[7]?.task.id] },
      ])
    await refuse(desktop, 'cancelTask', 'The task has ended.')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('alert').getByText('The task has ended.').waitFor()
  })
})
