import { writeFile } from 'node:fs/promises'
import type { BrowserWindow, WebContents } from 'electron'
import type { Log } from '../log.ts'
import { isAnswering } from './answering.ts'
import { endRenderer } from './end-renderer.ts'
import { ownMegabytesOf } from './megabytes-of.ts'
import { watchOwnGrowth } from './own-growth.ts'
import type { Profile } from './profile.ts'

const everyMs = 5000
const answerMs = 4000
/** Beats without an answer after which our own page is started again. */
const missed = 3

export interface HeartbeatOptions {
  readonly window: BrowserWindow
  /** Null: none is touched. */
  readonly file: string | null
  readonly profile: Profile
  /** Whether anything of our own page is seen. */
  isSeen(): boolean
  readonly log: Log
}

/**
 * Our own page is asked whether it lives; as long as it answers, a file is touched that something outside looks at. When
 * it does not answer it is started again, and when that does not help either the file grows old. It is also started again
 * when it has grown too much.
 */
export function startHeartbeat({ window, file, profile, isSeen, log }: HeartbeatOptions): Disposable {
  const growth = watchOwnGrowth(profile)
  let misses = 0
  let beating = false

  async function beat(): Promise<void> {
    if (beating || window.isDestroyed()) return
    beating = true
    const { webContents } = window
    const alive = await isAnswering(webContents, answerMs)
    beating = false
    if (window.isDestroyed()) return
    if (alive) {
      misses = 0
      if (file !== null) await touch(file)
      return renewIfGrown(webContents)
    }
    if (++misses < missed) return
    misses = 0
    log.error('our own page does not answer')
    endRenderer(webContents) // what shows the window loads it again
  }

  async function renewIfGrown(webContents: WebContents): Promise<void> {
    if (webContents.isDestroyed() || webContents.isLoading()) return
    const megabytes = await ownMegabytesOf(webContents)
    if (megabytes === null || !growth.isTooMuch(webContents.getOSProcessId(), megabytes, isSeen())) return
    log.info('our own page is begun anew', { megabytes })
    endRenderer(webContents) // as above
  }

  async function touch(path: string): Promise<void> {
    await writeFile(path, `${Date.now()}\n`).catch((error: Error) =>
      log.warn('heartbeat not written', { path, error: error.message }),
    )
  }

  const timer = setInterval(() => void beat(), everyMs)
  window.webContents.once('did-finish-load', () => void beat())
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
