import type { Browser } from 'playwright-core'
import { type FakeServer, startFakeServer } from './fake-server.ts'
import { axeViolations, findInEveryLook, openPage, type Watched } from './look.ts'
import type { BuiltPage } from './pages.ts'

export interface OpenedConsole extends Watched {
  readonly server: FakeServer
}

export interface OpenOptions {
  readonly prepare?: ((server: FakeServer) => void) | undefined
  /** `localhost` is a name, to which passkeys can belong. */
  readonly host?: '127.0.0.1' | 'localhost' | undefined
  /** Before the first page is loaded, and for good: the page is not kept for other tests. */
  readonly before?: ((watched: Watched) => Promise<unknown>) | undefined
}

/** The console at an address of a fake server of its own. */
export async function openConsole(
  browser: Browser,
  built: BuiltPage,
  path: string,
  { prepare, host = '127.0.0.1', before }: OpenOptions = {},
): Promise<OpenedConsole> {
  const server = await startFakeServer(built.folder)
  prepare?.(server)
  const watched = await openPage(browser, { ofItsOwn: before !== undefined })
  await before?.(watched)
  await watched.page.goto(`${server.url.replace('127.0.0.1', host)}${path}`)
  return {
    ...watched,
    server,
    async [Symbol.asyncDispose]() {
      await watched[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** What was asked of the server, tickets left out. */
export function asked({ server }: OpenedConsole): FakeServer['asked'] {
  return server.asked.filter(({ call }) => call !== 'POST /api/v1/tickets')
}

/** Where the page is, without the server. */
export function address({ page }: Watched): string {
  const { pathname, search } = new URL(page.url())
  return `${pathname}${search}`
}

/** Everything wrong with a view in any theme and size. */
export async function faultsInEveryLook({ page, faults }: Watched, view: string): Promise<string[]> {
  const wrong = await findInEveryLook(page, view, axeViolations)
  return [...wrong, ...faults.filter((fault) => !reportedByBrowser(fault))]
}

/** What the browser itself reports of every refused request and every socket that does not open. */
function reportedByBrowser(fault: string): boolean {
  return /Failed to load resource|WebSocket connection to/.test(fault)
}

/** Waits for the heading that tells what is shown. */
export function heading(name: string): (watched: Watched) => Promise<void> {
  return ({ page }) => page.getByRole('heading', { name, exact: true }).waitFor()
}
