import type { WebContents } from 'electron'

const betweenMs = 1000

/** Has a page give back what it has done with. Electron has no other way to ask for it. */
export async function collectGarbage({ debugger: protocol }: WebContents): Promise<void> {
  const isOurs = !protocol.isAttached()
  if (isOurs) protocol.attach('1.3')
  try {
    // What was drawn hangs on what is collected first, and goes with the second time.
    await protocol.sendCommand('HeapProfiler.collectGarbage')
    await new Promise((later) => setTimeout(later, betweenMs))
    await protocol.sendCommand('HeapProfiler.collectGarbage')
  } finally {
    if (isOurs && protocol.isAttached()) protocol.detach()
  }
}
