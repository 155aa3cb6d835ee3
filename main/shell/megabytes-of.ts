import { app, type WebContents } from 'electron'

/** What the process of a page takes; null once it is gone. */
export function megabytesOf(contents: WebContents): number | null {
  const pid = contents.getOSProcessId()
  const metric = app.getAppMetrics().find((one) => one.pid === pid)
  return metric === undefined ? null : Math.round(metric.memory.workingSetSize / 1024)
}
