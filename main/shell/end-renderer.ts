import type { WebContents } from 'electron'

/** Ends the process of a page at once, also one that hears nothing any more. */
export function endRenderer(contents: WebContents): void {
  const pid = contents.getOSProcessId()
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended already
  }
}
