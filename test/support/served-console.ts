import type { Browser, Page } from 'playwright-core'
import { type ServerProcess, startServerProcess } from './server-process.ts'

export interface ServedConsole extends AsyncDisposable {
  readonly server: ServerProcess
  readonly page: Page
  /** What went wrong in the page: refusals of the content security policy and uncaught errors. */
  readonly faults: string[]
}

/** A server that runs, and a page of a browser in which its console is to be opened. */
export async function openServedConsole(browser: Browser): Promise<ServedConsole> {
  const server = await startServerProcess()
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text())
  })
  return {
    ...{ server, page, faults },
    async [Symbol.asyncDispose]() {
      await context.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
