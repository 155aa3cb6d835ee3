import type { WebContents } from 'electron'

/** Has a page give back what it has done with. Electron has no other way to ask for it. */
export async function collectGarbage({ debugger: protocol }: WebContents): Promise<void> {
  const isOurs = !protocol.isAttached()
  if (isOurs) protocol.attach('1.3')
  try {
    await protocol.sendCommand('HeapProfiler.collectGarbage')
  } finally {
    if (isOurs && protocol.isAttached()) protocol.detach()
  }
}
