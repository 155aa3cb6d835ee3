import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { lockFolder } from '#server/store/folder-lock.ts'

/** `changing`: a server is starting or stopping, and will be one of the others within seconds. */
export type LocalServer = 'serving' | 'changing' | 'absent'

/** What there is behind a local socket. */
export async function localServer(socketPath: string): Promise<LocalServer> {
  const state = await ask(socketPath)
  return state === 'absent' && isHeld(dirname(socketPath)) ? 'changing' : state
}

/** How long an answer may take, in milliseconds. A server that is busy for so long is there all the same. */
const patienceMs = 2_000

function ask(socketPath: string): Promise<LocalServer> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/health/live', agent: false, timeout: patienceMs })
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode === 503 ? 'changing' : 'serving')
    })
    asked.on('timeout', () => {
      resolve('serving')
      asked.destroy()
    })
    asked.on('error', (error) => {
      const { code = '' } = error as NodeJS.ErrnoException
      resolve(['ENOENT', 'ECONNREFUSED'].includes(code) ? 'absent' : 'changing')
    })
    asked.end()
  })
}

/** Whether a process has the folder although it does not listen in it: not yet, or not any more. */
function isHeld(folder: string): boolean {
  if (!existsSync(join(folder, 'carillon.lock'))) return false
  try {
    const lock = lockFolder(folder)
    lock?.[Symbol.dispose]()
    return lock === null
  } catch {
    return false // whoever wants to write there is told why that is not possible
  }
}
