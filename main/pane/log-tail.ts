import { open } from 'node:fs/promises'

/** The newest whole lines of a file, oldest first, read from its end: it may be large, and the machine small. */
export async function readTail(path: string, mostBytes: number): Promise<readonly string[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (file === null) return []
  try {
    const { size } = await file.stat()
    const length = Math.min(size, mostBytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
    if (length < size) lines.shift() // cut off in its middle
    return lines.filter((line) => line !== '')
  } finally {
    await file.close()
  }
}
