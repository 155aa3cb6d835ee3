import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { CarillonBridge, DesktopState, KioskState } from '#protocol/ipc.ts'
import type { DesktopSession } from '../support/desktop-session.ts'
import { type LaunchOptions, launchElectron } from '../support/electron-app.ts'

const unpackaged: LaunchOptions['app'] = { folder: join(import.meta.dirname, '../..') }

/** The app with its window, as its user has it; its data lives in the session's home, so that a second opening is a restart. */
export async function openApp(session: DesktopSession, args: readonly string[] = [], app = unpackaged) {
  const userData = join(session.home, 'user-data')
  const launched = await launchElectron({ session, app, args, userData })
  const page = await launched.application.firstWindow()
  return {
    ...launched,
    page,
    userData,
    log: () => readFile(join(userData, 'logs/main.log'), 'utf8'),
  }
}

/** Resolves once main's state is so. */
export async function desktopState(page: Page, matches: (state: DesktopState) => boolean): Promise<DesktopState> {
  return eventually(
    () => page.evaluate(() => (window as { carillon?: CarillonBridge }).carillon?.desktop?.state()),
    matches,
  )
}
export async function kioskState(page: Page, matches: (state: KioskState) => boolean): Promise<KioskState> {
  return eventually(
    () => page.evaluate(() => (window as { carillon?: CarillonBridge }).carillon?.kiosk?.state()),
    matches,
  )
}

async function eventually<T>(ask: () => Promise<T | undefined>, matches: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 20_000
  for (;;) {
    const value = await ask()
    if (value !== undefined && matches(value)) return value
    if (Date.now() > end) throw new Error(`not in 20 s; last: ${JSON.stringify(value)}`)
    await new Promise((later) => setTimeout(later, 50))
  }
}

/** Files below this folder that hold the text. */
export async function filesHolding(below: string, text: string): Promise<string[]> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true })
  const holding: string[] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const content = await readFile(path).catch(() => null) // Chromium removes files of its own meanwhile
    if (content?.includes(text)) holding.push(path)
  }
  return holding
}
