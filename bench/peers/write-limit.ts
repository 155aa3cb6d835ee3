import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { equalMessagesAreTaken } from '../load/equal-messages.ts'
import type { Opening } from '../load/link.ts'
import type { Peer } from '../peer.ts'
import { missingProgram, programPath } from './native-server.ts'
import { usageOf } from './process-usage.ts'

/** No server, but what the kernel lets any server do that writes once per delivery. Built when it is measured. */
export const writeLimit: Peer = {
  name: 'C, one write per delivery',
  measures: ['fan-out', 'latency', 'connections'],
  missing: () => missingProgram('cc'),
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
    const program = join(folder, 'write-limit')
    const source = fileURLToPath(new URL('./write-limit.c', import.meta.url))
    execFileSync(programPath('cc') ?? 'cc', ['-O2', '-o', program, source])
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'ignore'] })
    const [port] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(10_000) })
    return {
      port: Number(port),
      prepare: async (count) => Array.from({ length: count }, () => subscribe),
      publish: (count) => void child.stdin.write(`${count}\n`),
      usage: async () => usageOf(child.pid ?? 0),
      async [Symbol.asyncDispose]() {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

const subscribe: Opening = async (link) => {
  await link.answer((received) => received.length || -1)
  return equalMessagesAreTaken(frameBytes)
}

/** As in write-limit.c. */
const frameBytes = 250
