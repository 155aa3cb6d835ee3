import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { Browser, ConsoleMessage, Page, Request } from 'playwright-core'
import { giveBack, newPage, takePage } from './kept-page.ts'

const themes = ['light', 'dark'] as const
const sizes = [
  { width: 800, height: 480 },
  { width: 1920, height: 1080 },
] as const

/** A page with everything that went wrong in it. */
export interface Watched extends AsyncDisposable {
  readonly page: Page
  /** Refusals of the content security policy, uncaught errors and errors on the console, in order. */
  readonly faults: string[]
}

/** What a page is given before it loads, with what takes it away again. */
export type Preparation = (page: Page) => Promise<AsyncDisposable>

export interface PageOptions {
  readonly prepare?: Preparation | undefined
  /** For a test that changes the page for good, such as its clock. */
  readonly ofItsOwn?: boolean | undefined
}

/** A page of 800 x 480 on a light system, without cookies and storage. */
export async function openPage(browser: Browser, { prepare, ofItsOwn = false }: PageOptions = {}): Promise<Watched> {
  const page = await (ofItsOwn ? newPage(browser) : takePage(browser))
  const prepared = await prepare?.(page)
  const faults: string[] = []
  const onError = (error: Error) => faults.push(String(error))
  const onMessage = (message: ConsoleMessage) => {
    if (message.type() === 'error') faults.push(message.text())
  }
  const onFailure = (request: Request) => {
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') faults.push(`${request.url()} was not loaded`)
  }
  page.on('pageerror', onError).on('console', onMessage).on('requestfailed', onFailure)
  return {
    page,
    faults,
    async [Symbol.asyncDispose]() {
      page.off('pageerror', onError).off('console', onMessage).off('requestfailed', onFailure)
      await prepared?.[Symbol.asyncDispose]()
      await (ofItsOwn ? page.context().close() : giveBack(browser, page))
    },
  }
}

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong with the page, one sentence for each element. */
export async function axeViolations(page: Page): Promise<string[]> {
  if (await page.evaluate(() => !('axe' in window))) await page.evaluate(axeSource)
  const result = await page.evaluate(() =>
    (window as unknown as { axe: typeof import('axe-core') }).axe.run(document, {
      resultTypes: ['violations'],
    }),
  )
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
  )
}

/** Elements that hold more than they show, and whatever makes the page scroll. Empty on a screen nobody can scroll. */
export async function overflows(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = []
    const root = document.documentElement
    if (root.scrollWidth > root.clientWidth || root.scrollHeight > root.clientHeight) wrong.push('the page scrolls')
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      const box = element.getBoundingClientRect()
      const name = `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''}`
      if (box.width === 0 || box.height === 0) continue
      if (box.left < -0.5 || box.top < -0.5 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5) {
        wrong.push(`${name} reaches out of the screen`)
      }
      if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
        if (getComputedStyle(element).display !== 'inline') wrong.push(`${name} is wider than its place`)
      }
      if (element.scrollHeight > element.clientHeight + 1 && getComputedStyle(element).overflowY !== 'visible') {
        wrong.push(`${name} is higher than its place`)
      }
    }
    return wrong
  })
}

const screenshots = resolve(import.meta.dirname, '../screenshots')

/**
 * Shows the page in each theme and size, as a system and a window change them, writes
 * `test/screenshots/<view>-<width>x<height>-<theme>.png` and answers everything that `check` finds wrong in any.
 */
export async function findInEveryLook(
  page: Page,
  view: string,
  check: (page: Page) => Promise<string[]>,
): Promise<string[]> {
  await mkdir(screenshots, { recursive: true })
  const wrong: string[] = []
  for (const theme of themes) {
    for (const size of sizes) {
      await Promise.all([page.emulateMedia({ colorScheme: theme }), page.setViewportSize(size)])
      await settled(page, theme)
      const name = `${view}-${size.width}x${size.height}-${theme}`
      await page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled', caret: 'hide' })
      wrong.push(...(await check(page)).map((fault) => `${name}: ${fault}`))
    }
  }
  return wrong
}

/** Resolves when the page follows the theme, its fonts are there, and it has been laid out and drawn. */
async function settled(page: Page, theme: (typeof themes)[number]): Promise<void> {
  await page.waitForFunction((wanted) => {
    const { mantineColorScheme } = document.documentElement.dataset
    return mantineColorScheme === undefined || mantineColorScheme === wanted
  }, theme)
  await page.evaluate(async () => {
    await document.fonts.ready
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  })
}
