import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const wellKnown = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

/** The Chromium in `CARILLON_CHROMIUM`, or one where systems put it. */
export function resolveChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const explicit = env.CARILLON_CHROMIUM
  if (explicit !== undefined && explicit !== '') {
    if (!existsSync(explicit)) throw new Error(`CARILLON_CHROMIUM names ${explicit}, which does not exist`)
    return explicit
  }
  return wellKnown.find((path) => existsSync(path))
}

/** A headless Chromium with an empty profile that talks to nobody but the pages it is sent to. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = resolveChromium()
  if (executablePath === undefined)
    throw new Error('no Chromium here: apt-get install chromium, or set CARILLON_CHROMIUM')
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
