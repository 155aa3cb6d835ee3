import type { WebContents } from 'electron'
import { isAnswering } from './answering.ts'
import { isBlank } from './frame.ts'
import { megabytesOf } from './megabytes-of.ts'

export interface ContentWatchOptions {
  /** Whether it is on the screen: what is hidden draws nothing. */
  isVisible(): boolean
  onUnresponsive(): void
  onFrame(blank: boolean): void
  onMemory(megabytes: number): void
}

/** Between two looks at a page that is shown; every second time also at its picture and its memory. */
const everyMs = 2000
/** A page that does not answer for so long hangs. */
const answerMs = 7000
/** A picture is judged at this width: letters can still be told from ground. */
const judgedWidth = 320

/** Looks again and again at a page that is shown, and says what it sees. */
export function watchContent(contents: WebContents, options: ContentWatchOptions): Disposable {
  let looks = 0
  let looking = false
  let over = false

  async function look(): Promise<void> {
    if (looking || contents.isDestroyed()) return
    looking = true
    const alive = await isAnswering(contents, answerMs)
    if (over || contents.isDestroyed()) return
    if (!alive && !contents.isCrashed()) return options.onUnresponsive()
    if (++looks % 2 === 0) {
      const used = megabytesOf(contents)
      if (used !== null) options.onMemory(used)
      const blank = options.isVisible() ? await isBlankNow(contents) : null
      if (over) return
      if (blank !== null) options.onFrame(blank)
    }
    looking = false
  }

  const timer = setInterval(() => void look(), everyMs)
  return {
    [Symbol.dispose]() {
      over = true
      clearInterval(timer)
    },
  }
}

/** Null where there was no picture: that says nothing of the page. */
async function isBlankNow(contents: WebContents): Promise<boolean | null> {
  try {
    const image = await contents.capturePage()
    const judged = image.isEmpty() ? image : image.resize({ width: judgedWidth, quality: 'good' })
    return isBlank({ ...judged.getSize(), bitmap: judged.toBitmap() })
  } catch {
    return null // it is on its way out
  }
}
