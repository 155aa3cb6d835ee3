import type { WebContents } from 'electron'

/** Whether a page's own thread answers within so many milliseconds: one in an endless loop does not. */
export async function isAnswering(contents: WebContents, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs)
  })
  try {
    // Of the frame: that of the contents waits until a page that loads for ever has loaded.
    return await Promise.race([contents.mainFrame.executeJavaScript('true') as Promise<boolean>, late])
  } catch {
    return false // it has gone
  } finally {
    clearTimeout(timer)
  }
}
