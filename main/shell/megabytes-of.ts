import { readFile } from 'node:fs/promises'
import { app, type WebContents } from 'electron'
import { ownMegabytesIn } from './own-megabytes-in.ts'

/** What the process of a page takes; null once it is gone. */
export function megabytesOf(contents: WebContents): number | null {
  const pid = contents.getOSProcessId()
  const metric = app.getAppMetrics().find((one) => one.pid === pid)
  return metric === undefined ? null : Math.round(metric.memory.workingSetSize / 1024)
}

/** Of that, what is of no file, where the system tells it: what is of files comes and goes with the memory that is free. */
export async function ownMegabytesOf(contents: WebContents): Promise<number | null> {
  const status = await readFile(`/proc/${contents.getOSProcessId()}/status`, 'utf8').catch(() => '')
  if (contents.isDestroyed()) return null
  return ownMegabytesIn(status) ?? megabytesOf(contents)
}
