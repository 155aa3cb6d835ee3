import { writeFile } from 'node:fs/promises'
import type { BrowserWindow } from 'electron'
import type { Log } from '../log.ts'
import { isAnswering } from './answering.ts'
import { endRenderer } from './end-renderer.ts'

const everyMs = 5000
const answerMs = 4000
/** Beats without an answer after which our own page is started again. */
const missed = 3

/**
 * Our own page is asked whether it lives; as long as it answers, a file is touched that something outside looks at. When
 * it does not answer it is started again, and when that does not help either the file grows old.
 */
export function startHeartbeat(window: BrowserWindow, file: string | null, log: Log): Disposable {
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
      return
    }
    if (++misses < missed) return
    misses = 0
    log.error('our own page does not answer')
    endRenderer(webContents) // what shows the window loads it again
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
