import { once } from 'node:events'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** A page of 800 x 480 on a light system: where every test begins. */
export const atFirst = {
  viewport: { width: 800, height: 480 },
  colorScheme: 'light',
  locale: 'en-GB',
  timezoneId: 'Europe/Berlin',
  reducedMotion: 'reduce',
} as const satisfies BrowserContextOptions

// A window costs a browser more than most tests: one is kept for the next test.
const kept = new WeakMap<Browser, Page>()

/** A page without cookies, storage and permissions: the one that was given back, or one in a window of its own. */
export async function takePage(browser: Browser): Promise<Page> {
  const page = kept.get(browser)
  kept.delete(browser)
  return page ?? newPage(browser)
}

export async function newPage(browser: Browser): Promise<Page> {
  return (await browser.newContext(atFirst)).newPage()
}

/** Leaves nothing of a test in its page. A page that cannot be cleared is closed. */
export async function giveBack(browser: Browser, page: Page): Promise<void> {
  try {
    // A page on its way somewhere may have nothing answer in it.
    const tooLate = AbortSignal.timeout(10_000)
    await Promise.race([clear(page), once(tooLate, 'abort').then(() => tooLate.throwIfAborted())])
  } catch {
    await page.context().close()
    return
  }
  if (kept.has(browser)) await page.context().close()
  else kept.set(browser, page)
}

async function clear(page: Page): Promise<void> {
  const context = page.context()
  for (const other of context.pages()) {
    if (other !== page) await other.close()
  }
  await page.evaluate(() => {
    localStorage.clear()
    sessionStorage.clear()
  })
  await page.goto('about:blank', { timeout: 5_000 })
  await Promise.all([
    context.clearCookies(),
    context.clearPermissions(),
    page.mouse.move(-1, -1), // else what lies under it in the next test is hovered
    page.emulateMedia({ ...atFirst, media: null, forcedColors: null, contrast: null }),
    page.setViewportSize(atFirst.viewport),
  ])
}
