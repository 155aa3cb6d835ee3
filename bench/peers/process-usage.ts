import { readFileSync } from 'node:fs'
import type { Usage } from '../peer.ts'

/** What a process has used, as Linux tells it; processor time comes in hundredths of a second. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpuSeconds: (user + system) / ticksPerSecond, residentBytes: Number(resident) * 1024 }
}

/** The same on every Linux of today. */
const ticksPerSecond = 100
