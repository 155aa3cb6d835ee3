import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskDefinitionView, TaskDetail, TaskEvent, TaskQueueView, TaskWorkerView } from '#protocol/tasks.ts'
import { launchChromium } from '../support/chromium.ts'
import { describeWith } from '../support/needs.ts'
import { ada, type FakeServer } from './fake-server.ts'
import { fakeTask, taskId } from './fake-tasks.ts'
import type { Watched } from './look.ts'
import { address, asked, faultsInEveryLook, heading, type OpenedConsole, openConsole } from './open-console.ts'
import { type BuiltPage, buildPage } from './pages.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const at = (ms: number) => new Date(Date.now() + ms).toISOString()

const event = (ms: number, kind: TaskEvent['kind'], more: Partial<TaskEvent> = {}): TaskEvent => ({
  ...{ at: at(ms), kind, try: null, worker: null, reason: null },
  ...more,
})
const grace = { id: 'u2', name: 'Grace Hopper' }
const reason = 'The address https://hooks.example.org/lobby answered 503. It is tried again later.'

const waiting = fakeTask(1, {
  name: 'reports.monthly',
  queue: 'reports',
  startAt: at(3 * hour),
  submittedAt: at(-second),
})
const running = fakeTask(2, {
  ...{ state: 'running', owner: grace, submittedAt: at(-2 * minute), startedAt: at(-95 * second), tries: 1 },
  ...{ progress: 0.42, note: 'Month 5 of 12', worker: 'box-17', args: { channel: 'news:general', days: 30 } },
  events: [event(-2 * minute, 'submitted'), event(-95 * second, 'started', { try: 1, worker: 'box-17' })],
})
const retrying = fakeTask(3, {
  ...{
    name: 'carillon.webhook',
    state: 'retrying',
    submittedAt: at(-4 * minute),
    startedAt: at(-4 * minute),
    tries: 2,
  },
  ...{ worker: 'box-17', error: { type: 'WebhookError', message: reason }, owner: null, schedule: '0 6 * * 1-5' },
  events: [
    event(-4 * minute, 'submitted'),
    event(-4 * minute, 'started', { try: 1, worker: 'box-17' }),
    event(-3 * minute, 'retried', { try: 1, reason }),
    event(-2 * minute, 'started', { try: 2, worker: 'box-18' }),
    event(-minute, 'retried', { try: 2, reason }),
  ],
})
const succeeded = fakeTask(4, {
  ...{ name: 'carillon.fleet_report', state: 'succeeded', submittedAt: at(-2 * hour), startedAt: at(-2 * hour) },
  ...{ endedAt: at(-2 * hour + 185 * second), tries: 1, progress: 1, worker: 'embedded-1', priority: 5 },
  ...{ keptUntil: at(22 * hour), parentId: taskId(1), args: ['online', null, { since: '2026-11-01' }] },
  result: { devices: 1204, online: 1187, byState: { online: 1187, offline: 17 }, longest: 'screen'.repeat(30) },
  files: [
    { name: 'fleet 2026-11-22.csv', bytes: 184_320, type: 'text/csv' },
    { name: `${'a-file-with-a-long-name-'.repeat(4)}.json`, bytes: 312, type: 'application/json' },
  ],
  events: [
    event(-2 * hour, 'submitted'),
    event(-2 * hour, 'started', { try: 1, worker: 'embedded-1' }),
    event(-2 * hour + 185 * second, 'succeeded', { try: 1, worker: 'embedded-1' }),
  ],
})
const failed = fakeTask(5, {
  ...{ name: 'a.task.with.a.name.as.long.as.a.site.might.choose_for_what_it_does_every_month', state: 'failed' },
  ...{ submittedAt: at(-26 * hour), startedAt: at(-26 * hour), endedAt: at(-26 * hour + 400), tries: 1 },
  ...{
    error: { type: 'RangeError', message: 'The months go from 1 to 12; 13 was given. '.repeat(6) },
    worker: 'py@box',
  },
  events: [
    event(-26 * hour, 'submitted'),
    event(-26 * hour, 'started', { try: 1, worker: 'py@box' }),
    event(-26 * hour + 400, 'lost', { try: 1, worker: 'py@box' }),
    event(-26 * hour + 400, 'failed', { try: 1, reason: 'RangeError: The months go from 1 to 12; 13 was given.' }),
  ],
})
const cancelling = fakeTask(6, { ...running, id: taskId(6), isCancelling: true })
const expired = fakeTask(7, {
  ...{ state: 'expired', submittedAt: at(-3 * 24 * hour), endedAt: at(-3 * 24 * hour), expiresAt: at(-3 * 24 * hour) },
  events: [event(-3 * 24 * hour, 'submitted'), event(-3 * 24 * hour, 'expired')],
})
const every: readonly TaskDetail[] = [waiting, running, retrying, succeeded, failed, expired]

const queues: readonly TaskQueueView[] = [
  { name: 'celery', waiting: 12_400, running: 3, oldestAt: at(-185 * second) },
  { name: 'reports', waiting: 1, running: 0, oldestAt: null },
]
const workers: readonly TaskWorkerView[] = [
  {
    ...{ name: 'embedded-1', kind: 'embedded', concurrency: 8, queues: [], seenAt: at(0) },
    running: Array.from({ length: 6 }, (_, index) => ({
      ...{ id: taskId(100 + index), name: 'carillon.export', startedAt: at(-index * minute) },
    })),
  },
  {
    ...{ name: 'celery@a-host-with-a-name-as-long-as-some-hosts-have.example.org', kind: 'celery', concurrency: null },
    ...{ queues: ['celery', 'reports'], running: [], seenAt: at(-7 * minute) },
  },
]
const add: TaskDefinitionView = {
  ...{ name: 'carillon.add', description: 'Adds two numbers, for trying tasks out.', queue: 'celery' },
  ...{ roles: ['admin', 'operator'], schedule: null, nextAt: null },
  arguments: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' }, seconds: { type: 'number', minimum: 0, default: 0 } },
    required: ['a', 'b'],
  },
}
const report: TaskDefinitionView = {
  ...{ name: 'reports.monthly', description: 'Writes the report of a month.', queue: 'reports', roles: ['admin'] },
  ...{ schedule: '30 3 1 * *', nextAt: at(9 * 24 * hour) },
  arguments: {
    type: 'object',
    properties: {
      title: { type: 'string', description: 'Stands on the first page.' },
      format: { enum: ['pdf', 'csv'] },
      detailed: { type: 'boolean', default: false },
      months: { type: 'integer', minimum: 1, maximum: 12 },
      channels: { type: 'array', items: { type: 'string' } },
    },
    required: ['title', 'format', 'channels'],
  },
}

const withTasks = ({ world }: FakeServer) => {
  world.tasks.tasks = [...every]
  world.tasks.queues = [...queues]
  world.tasks.workers = [...workers]
  world.tasks.definitions = [add, report]
}
const withOne = (task: TaskDetail) => (server: FakeServer) => {
  withTasks(server)
  server.world.tasks.tasks = [task]
}
const asViewer = (server: FakeServer) => {
  server.world.me = { ...ada, ...grace, role: 'viewer' }
  server.world.tasks.tasks = [fakeTask(2, { ...running, owner: grace })]
}
const row = ({ page }: Watched, name: string) =>
  page.getByRole('table', { name: 'Tasks' }).getByRole('row').filter({ hasText: name })
const openForm = async ({ page }: Watched, name: string) => {
  await page.getByRole('button', { name: 'Submit a task' }).click()
  await page.getByRole('combobox', { name: 'Task', exact: true }).last().click()
  await page.getByRole('option', { name }).click()
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor()
}

interface View {
  readonly path: string
  readonly world?: (server: FakeServer) => void
  readonly act: (opened: OpenedConsole) => Promise<unknown>
}

const views: Readonly<Record<string, View>> = {
  'tasks-none': { path: '/tasks', act: heading('No tasks yet') },
  tasks: { path: '/tasks', world: withTasks, act: (watched) => row(watched, 'carillon.fleet_report').waitFor() },
  'tasks-overview': {
    path: '/tasks',
    world: withTasks,
    act: async ({ page }) => {
      await page.getByText('12,401 waiting, 3 running, 2 workers').click()
      await page.getByRole('heading', { name: 'Schedules' }).waitFor()
    },
  },
  'tasks-filtered': {
    path: '/tasks?state=running&owner=Grace+Hopper&period=hour',
    world: withTasks,
    act: (watched) => row(watched, 'Month 5 of 12').waitFor(),
  },
  'tasks-days': {
    path: '/tasks?period=days&from=2026-01-05&to=2026-01-02',
    world: withTasks,
    act: ({ page }) => page.getByText('This is before the first day.').waitFor(),
  },
  'tasks-nothing-fits': { path: '/tasks?name=nothing', world: withTasks, act: heading('Nothing fits') },
  'tasks-viewer': { path: '/tasks', world: asViewer, act: (watched) => row(watched, 'Month 5 of 12').waitFor() },
  'tasks-refused': {
    path: '/tasks',
    world: ({ world }) => {
      const refusal = { code: 'unavailable', detail: 'The server is stopping. Try again in a moment.' } as const
      for (const call of ['tasks', 'task-queues', 'task-workers']) world.refusals.set(`GET /api/v1/${call}`, refusal)
    },
    act: async ({ page }) => {
      await page.getByText('Queues and workers').click()
      await page.getByRole('alert').nth(2).waitFor()
    },
  },
  'tasks-cancel': {
    path: '/tasks',
    world: withTasks,
    act: async (watched) => {
      await row(watched, 'Month 5 of 12').getByRole('button', { name: 'Cancel' }).click()
      await heading('Cancel carillon.export?')(watched)
    },
  },
  'tasks-submit': {
    path: '/tasks',
    world: withTasks,
    act: async ({ page }) => {
      await page.getByRole('button', { name: 'Submit a task' }).click()
      await page.getByRole('dialog').getByRole('combobox', { name: 'Task' }).click()
      await page.getByRole('option', { name: 'reports.monthly' }).waitFor()
    },
  },
  'tasks-submit-form': {
    path: '/tasks',
    world: withTasks,
    act: (watched) => openForm(watched, 'reports.monthly'),
  },
  'tasks-submit-errors': {
    path: '/tasks',
    world: withTasks,
    act: async (watched) => {
      await openForm(watched, 'reports.monthly')
      await watched.page.getByLabel('Channels').fill('["news:general"')
      await watched.page.getByRole('button', { name: 'Start', exact: true }).click()
      await watched.page.locator('.mantine-InputWrapper-error').nth(2).waitFor()
    },
  },
  'task-waiting': { path: `/tasks/${waiting.id}`, world: withOne(waiting), act: heading('reports.monthly') },
  'task-running': { path: `/tasks/${running.id}`, world: withOne(running), act: heading('carillon.export') },
  'task-retrying': { path: `/tasks/${retrying.id}`, world: withOne(retrying), act: heading('carillon.webhook') },
  'task-succeeded': { path: `/tasks/${succeeded.id}`, world: withOne(succeeded), act: heading('Result') },
  'task-failed': { path: `/tasks/${failed.id}`, world: withOne(failed), act: heading(failed.name) },
  'task-cancelling': {
    path: `/tasks/${cancelling.id}`,
    world: withOne(cancelling),
    act: ({ page }) => page.getByText('Ending').waitFor(),
  },
  'task-expired': { path: `/tasks/${expired.id}`, world: withOne(expired), act: heading('carillon.export') },
  'task-gone': { path: `/tasks/${taskId(77)}`, act: ({ page }) => page.getByText('There is no such task').waitFor() },
}

describeWith(['chromium'], 'tasks in the console', () => {
  let browser: Browser
  let built: BuiltPage
  beforeAll(async () => {
    built = await buildPage('console')
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.[Symbol.asyncDispose]()
  })
  const open = (path: string, prepare?: (server: FakeServer) => void): Promise<OpenedConsole> =>
    openConsole(browser, built, path, { prepare })

  test.each(Object.keys(views))('shows "%s" under the strict policy, clean for axe', async (name) => {
    const { path, world, act } = views[name] as View
    await using opened = await open(path, world)
    await act(opened)
    expect(await faultsInEveryLook(opened, `console-${name}`)).toEqual([])
  })

  test('rows change in place, new ones come in, and the list is not read again', async () => {
    await using opened = await open('/tasks', withTasks)
    const { page, server } = opened
    await row(opened, 'Month 5 of 12').waitFor()
    await page.getByText('Online', { exact: true }).waitFor()
    // Once when the page opens, once when the channel is open: what happened between is known from then on.
    await expect.poll(() => server.world.tasks.reads).toEqual(['limit=50', 'limit=50'])
    server.publish('tasks:all', { type: 'task', task: { ...running, progress: 0.9, note: 'Month 11 of 12' } })
    await row(opened, '90 %').getByText('Month 11 of 12').waitFor()
    server.publish('tasks:all', { type: 'task', task: { ...running, state: 'succeeded', endedAt: at(0) } })
    server.publish('tasks:all', { type: 'task', task: fakeTask(50, { name: 'carillon.add' }) })
    await row(opened, 'carillon.add').getByText('Waiting').waitFor()
    await row(opened, 'Grace Hopper').getByText('Done').waitFor()
    expect(await page.getByRole('table', { name: 'Tasks' }).getByRole('row').nth(1).textContent()).toContain(
      'carillon.add',
    )
    expect(server.world.tasks.reads).toHaveLength(2)
  })

  test('what no longer fits the filter goes', async () => {
    await using opened = await open('/tasks?state=running', withTasks)
    const { server } = opened
    await row(opened, 'Month 5 of 12').waitFor()
    await expect.poll(() => server.world.tasks.reads).toHaveLength(2)
    server.publish('tasks:all', { type: 'task', task: fakeTask(50, { name: 'carillon.add' }) })
    server.publish('tasks:all', { type: 'task', task: { ...running, state: 'failed' } })
    await heading('Nothing fits')(opened)
  })

  test('what changed while the page was away comes from the channel', async () => {
    await using opened = await open('/tasks', withTasks)
    const { server } = opened
    await row(opened, 'Month 5 of 12').waitFor()
    await expect.poll(() => server.world.tasks.reads).toHaveLength(2)
    server.publish('tasks:all', { type: 'task', task: { ...running, note: 'Month 6 of 12' } })
    await row(opened, 'Month 6 of 12').waitFor()
    server.dropSockets()
    server.world.history.push({ type: 'task', task: { ...running, note: 'Month 7 of 12' } })
    await row(opened, 'Month 7 of 12').waitFor({ timeout: 15_000 })
    expect(server.world.tasks.reads).toHaveLength(2)
  })

  test('a page is read when somebody asks for it', async () => {
    await using opened = await open('/tasks', ({ world }) => {
      world.tasks.tasks = Array.from({ length: 120 }, (_, index) =>
        fakeTask(index, { submittedAt: at(-index * minute) }),
      )
    })
    const { page, server } = opened
    const rows = page.getByRole('table', { name: 'Tasks' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(51)
    await expect.poll(() => server.world.tasks.reads).toHaveLength(2)
    await page.getByRole('button', { name: 'Show more tasks' }).click()
    await expect.poll(() => rows.count()).toBe(101)
    expect(server.world.tasks.reads.at(-1)).toBe('limit=50&cursor=50')
    expect(server.world.tasks.reads).toHaveLength(3)
  })

  test('the filter is in the address, and a link brings it back', async () => {
    await using opened = await open('/tasks', withTasks)
    const { page } = opened
    const filter = page.getByRole('search')
    await row(opened, 'reports.monthly').waitFor()
    await filter.getByRole('combobox', { name: 'State' }).click()
    await page.getByRole('option', { name: 'Failed' }).click()
    await filter.getByLabel('Task').fill('a.task')
    await filter.getByRole('combobox', { name: 'Submitted' }).click()
    await page.getByRole('option', { name: 'Chosen days' }).click()
    await filter.getByLabel('From').fill('2026-01-02')
    await filter.getByLabel('To').fill('2100-01-03')
    await row(opened, 'reports.monthly').waitFor({ state: 'hidden' })
    // Whatever is typed or chosen meanwhile, each filter is read once, and one page of it.
    const { reads } = opened.server.world.tasks
    expect(reads.every((read) => read.endsWith('limit=50'))).toBe(true)
    expect(reads.filter((read) => read.includes('name=')).length).toBe(
      new Set(reads.filter((read) => read.includes('name='))).size,
    )
    await expect
      .poll(() => address(opened))
      .toBe('/tasks?state=failed&name=a.task&period=days&from=2026-01-02&to=2100-01-03')
    // The reader is in Berlin, and the last day is included.
    const span = new URLSearchParams({ from: '2026-01-01T23:00:00.000Z', until: '2100-01-03T23:00:00.000Z' })
    await expect.poll(() => reads.at(-1)).toContain(`${span}`)
    await page.reload()
    await row(opened, 'a.task.with').waitFor()
    expect(await filter.getByLabel('Task').inputValue()).toBe('a.task')
    expect(await filter.getByLabel('From').inputValue()).toBe('2026-01-02')
    expect(await filter.getByRole('combobox', { name: 'State' }).inputValue()).toBe('Failed')
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await row(opened, 'reports.monthly').waitFor()
    await expect.poll(() => address(opened)).toBe('/tasks')
  })

  test('a queue leads to its tasks', async () => {
    await using opened = await open('/tasks', withTasks)
    await opened.page.getByText('12,401 waiting').click()
    await opened.page.getByRole('link', { name: 'reports', exact: true }).click()
    await row(opened, 'carillon.export').first().waitFor({ state: 'hidden' })
    await expect.poll(() => address(opened)).toBe('/tasks?queue=reports')
    expect(await opened.page.getByRole('combobox', { name: 'Queue' }).inputValue()).toBe('reports')
  })

  test('viewers are shown what is theirs, as it changes', async () => {
    await using opened = await open('/tasks', asViewer)
    const { page, server } = opened
    await row(opened, 'Month 5 of 12').waitFor()
    expect(await page.getByRole('heading', { name: /Queues|Workers/ }).count()).toBe(0)
    expect(await page.getByLabel('Owner').count()).toBe(0)
    await expect.poll(() => server.world.tasks.reads).toHaveLength(2)
    server.publish('tasks:all', { type: 'task', task: fakeTask(50, { name: 'carillon.add' }) })
    server.publish('#u2', { type: 'task', task: { ...running, owner: grace, note: 'Month 9 of 12' } })
    await row(opened, 'Month 9 of 12').waitFor()
    expect(await row(opened, 'carillon.add').count()).toBe(0)
  })

  test('what waits is cancelled at once, what runs after a question', async () => {
    await using opened = await open('/tasks', withTasks)
    const { page } = opened
    await row(opened, 'reports.monthly').getByRole('button', { name: 'Cancel' }).click()
    await row(opened, 'reports.monthly').getByText('Cancelled').waitFor()
    await row(opened, 'Month 5 of 12').getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => asked(opened).map(({ call }) => call)).toEqual([`POST /api/v1/tasks/${waiting.id}/cancel`])
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click()
    await row(opened, 'Month 5 of 12').getByText('Ending').waitFor()
    await expect.poll(() => asked(opened).at(-1)?.call).toBe(`POST /api/v1/tasks/${running.id}/cancel`)
    expect(await row(opened, 'Month 5 of 12').getByRole('button').count()).toBe(0)
  })

  test('why something cannot be cancelled is said where it was asked', async () => {
    await using opened = await open(`/tasks/${running.id}`, (server) => {
      withTasks(server)
      const detail = 'The task has ended meanwhile. Look at its result.'
      server.world.refusals.set(`POST /api/v1/tasks/${running.id}/cancel`, { code: 'not_found', detail })
    })
    await opened.page.getByRole('button', { name: 'Cancel' }).click()
    await opened.page.getByRole('dialog').getByRole('button', { name: 'Cancel the task' }).click()
    await opened.page.getByRole('dialog').getByText('The task has ended meanwhile.').waitFor()
  })

  test('a task that has ended is run again, and the new one is shown', async () => {
    await using opened = await open(`/tasks/${failed.id}`, withOne(failed))
    await opened.page.getByRole('button', { name: 'Run again' }).click()
    await expect.poll(() => address(opened)).toBe(`/tasks/${taskId(999)}`)
    await opened.page.getByText('Waiting', { exact: true }).waitFor()
  })

  test('a task is followed on its page until its result, which can be copied', async () => {
    await using opened = await open(`/tasks/${running.id}`, withOne(running))
    const { page, server } = opened
    await expect.poll(() => page.getByRole('progressbar').getAttribute('value')).toBe('0.42')
    await page.getByText('Online', { exact: true }).waitFor()
    server.publish('tasks:all', { type: 'task', task: { ...running, progress: 0.77 } })
    await expect.poll(() => page.getByRole('progressbar').getAttribute('value')).toBe('0.77')
    const ended = { ...running, state: 'succeeded', endedAt: at(0), progress: 1 } as const
    server.world.tasks.tasks = [{ ...ended, result: { rows: 12 } }]
    server.publish('tasks:all', { type: 'task', task: ended })
    await heading('Result')(opened)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy: Result' }).click()
    await page.getByText('Result copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('{\n  "rows": 12\n}')
  })

  test('files are downloaded from the server, and times are the reader’s', async () => {
    const startedAt = '2026-03-12T11:04:05.000Z'
    await using opened = await open(`/tasks/${succeeded.id}`, withOne({ ...succeeded, startedAt }))
    const link = opened.page.getByRole('link', { name: 'fleet 2026-11-22.csv' })
    expect(await link.getAttribute('href')).toBe(`/api/v1/tasks/${succeeded.id}/files/fleet%202026-11-22.csv`)
    const started = opened.page.locator(`time[datetime="${startedAt}"]`)
    expect(await started.getAttribute('title')).toBe('Thursday, 12 March 2026 at 12:04:05 CET')
  })

  test('a task is submitted with what its schema asks for, and its page is opened', async () => {
    await using opened = await open('/tasks', withTasks)
    const { page } = opened
    await openForm(opened, 'carillon.add')
    await page.getByLabel('A', { exact: true }).fill('2')
    await page.getByLabel('B', { exact: true }).fill('3')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await expect
      .poll(() => asked(opened))
      .toMatchObject([{ call: 'POST /api/v1/tasks', body: { name: 'carillon.add', args: { a: 2, b: 3 } } }])
    const [newest] = opened.server.world.tasks.tasks
    await expect.poll(() => address(opened)).toBe(`/tasks/${newest?.id}`)
    await heading('carillon.add')(opened)
  })

  test('what the server has against an argument stands at its field', async () => {
    await using opened = await open('/tasks', (server) => {
      withTasks(server)
      const detail = 'The arguments do not fit: b is too large.'
      server.world.refusals.set('POST /api/v1/tasks', { code: 'bad_request', detail })
    })
    const { page } = opened
    await openForm(opened, 'carillon.add')
    await page.getByLabel('A', { exact: true }).fill('2')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    expect(asked(opened)).toEqual([])
    await page.getByLabel('B', { exact: true }).fill('3')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('b is too large').waitFor()
  })

  test('a task is opened and left with the keyboard alone', async () => {
    await using opened = await open('/tasks', withTasks)
    const { page } = opened
    const link = row(opened, 'Month 5 of 12').getByRole('link')
    await link.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Cancel' }).waitFor()
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
    expect(await page.title()).toBe('Task · Carillon')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await heading('Cancel carillon.export?')(opened)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel')
  })
})
