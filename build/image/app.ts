import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'

/** Chromium's own words, in the one language that it falls back to. Ours are in the app. */
const keptLocales = ['en-US.pak']

/** Puts electron-builder's unpacked folder into the tree, root's own and never written to. */
export async function installApp(tree: string, app: string): Promise<void> {
  const place = join(tree, 'opt/carillon')
  await run('mkdir', ['-p', join(tree, 'opt')])
  await run('cp', ['-r', app, place])
  await rm(join(place, 'resources/default_app.asar'), { force: true })
  const locales = join(place, 'locales')
  for (const file of existsSync(locales) ? await readdir(locales) : []) {
    if (!keptLocales.includes(file)) await rm(join(locales, file))
  }
  await run('chown', ['-R', 'root:root', place])
  await run('chmod', ['-R', 'u=rwX,go=rX', place])
  // Chromium keeps its sandbox: it is never started with --no-sandbox.
  if (existsSync(join(place, 'chrome-sandbox'))) await run('chmod', ['4755', join(place, 'chrome-sandbox')])
}
