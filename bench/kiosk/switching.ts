import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Sample } from './growth.ts'
import type { Kiosk } from './open-kiosk.ts'
import type { Pages } from './pages.ts'
import { usageOf } from './usage.ts'

export interface SwitchingOptions {
  readonly kiosk: Kiosk
  readonly pages: Pages
  readonly switches: number
  /** How often it is looked what the app takes. */
  readonly samples: number
  readonly signal: AbortSignal
  onSample(sample: Sample): void
  onSwitch(switches: number): void
}

/**
 * Shows one after another as fast as each is seen: a message, a page, a page with pictures and a clock, nothing. What the
 * app takes is looked at while the simple page is up, each time after it has been there for as long as a page has to be
 * until it is kept, which other pages here never are.
 */
export async function switchContent(options: SwitchingOptions): Promise<readonly Sample[]> {
  const { kiosk, pages, switches, signal } = options
  const page = (path: string) => showPage(kiosk, pages, path)
  const contents = [
    () => kiosk.tell('show', { title: 'Today', message: 'Doors open at nine' }),
    () => page('/simple'),
    () => page('/lively'),
    () => kiosk.tell('show', { nothing: true }),
  ]
  const simple = 1
  const every = Math.max(contents.length, Math.ceil(switches / options.samples / contents.length) * contents.length)
  const samples: Sample[] = []
  const begun = performance.now()
  for (let count = 0; count < switches; count++) {
    signal.throwIfAborted()
    const turn = count % contents.length
    await contents[turn]?.()
    options.onSwitch(count + 1)
    // The last whole round as well, so that the end is seen.
    const isDue = count % every === simple || count === switches - contents.length + simple
    if (turn !== simple || !isDue) continue
    await untilKept(kiosk, signal)
    const seconds = (performance.now() - begun) / 1000
    const sample = { switches: count + 1, seconds, ...(await usageOf(kiosk)) }
    samples.push(sample)
    options.onSample(sample)
  }
  return samples
}

/** It is seen once the page has been drawn and says so itself. One that was stopped while it drew is shown once more. */
async function showPage(kiosk: Kiosk, pages: Pages, path: string): Promise<void> {
  for (;;) {
    const [before, stops] = [pages.drawn, kiosk.standstill.times]
    await kiosk.tell('show', { url: `${pages.origin}${path}` })
    try {
      await kiosk.until(`${path} drawn`, () => pages.drawn > before)
      return
    } catch (error) {
      if (kiosk.standstill.times === stops) throw error
    }
    await kiosk.tell('show', { nothing: true })
  }
}

/** A page is kept ten seconds after it came up. */
async function untilKept(kiosk: Kiosk, signal: AbortSignal): Promise<void> {
  const folder = join(kiosk.desk.userData, 'last-good')
  const changed = async () => (await stat(folder).catch(() => null))?.mtimeMs ?? 0
  const before = await changed()
  for (let looks = 0; (await changed()) === before; looks++) {
    if (looks > 200) throw new Error('the page was not kept within 50 s')
    await pause(250, undefined, { signal })
  }
  await kiosk.until('a page without a fault', () => {
    const shell = kiosk.status?.shell
    return shell?.phase === 'showing' && shell.fault === null
  })
}
