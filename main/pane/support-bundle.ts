import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NetworkStep, PaneFacts } from '#protocol/pane.ts'
import { maskText, maskValue } from './mask.ts'

/** What somebody who was not there needs to find out what is wrong, in one file that any editor opens. */
export interface BundleContent {
  readonly facts: PaneFacts
  /** Of the newest check; empty when there was none. */
  readonly network: readonly NetworkStep[]
  readonly log: readonly string[]
}

/** Most lines of the log in a bundle; more does not help, and a stick may be small. */
const mostLines = 5000
/** Older ones in the same folder make room. */
const mostBundles = 10
const namePattern = /^carillon-support-.*\.json$/

/** The text of a bundle. `known` are the secrets that this app holds: none of them is in it, nor what looks like one. */
export function bundleText({ facts, network, log }: BundleContent, known: readonly string[], now: Date): string {
  const content = {
    about: 'What a Carillon kiosk says of itself. Secrets are masked.',
    madeAt: now.toISOString(),
    ...(maskValue({ facts: { ...facts, userCode: null }, network }, known) as object),
    log: log.slice(-mostLines).map((line) => maskText(line, known)),
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

/** Writes it into this folder, on to the disk. Answers the path. */
export async function writeBundle(folder: string, text: string, name: string, now: Date): Promise<string> {
  const stamp = now.toISOString().slice(0, 19).replace(/:/g, '')
  const path = join(folder, `carillon-support-${name.replace(/[^\w-]/g, '_')}-${stamp}Z.json`)
  // Whoever is handed a stick takes it out at once.
  await writeFile(path, text, { mode: 0o600, flush: true })
  const bundles = (await readdir(folder)).filter((file) => namePattern.test(file) && join(folder, file) !== path)
  const stampOf = (file: string) => file.slice(-'2026-01-01T000000Z.json'.length)
  bundles.sort((a, b) => stampOf(a).localeCompare(stampOf(b)))
  for (const file of bundles.slice(0, Math.max(0, bundles.length + 1 - mostBundles))) {
    await rm(join(folder, file), { force: true })
  }
  return path
}
