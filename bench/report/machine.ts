import { execFileSync } from 'node:child_process'
import { arch, availableParallelism, cpus, platform, release } from 'node:os'

/** What a reader has to know of where it was measured, and nothing that tells whose machine it is. */
export interface Machine {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly system: string
  readonly node: string
  readonly commit: string
}

export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    system: `${platform()} ${release().split('-')[0]} ${arch()}`,
    node: process.version,
    commit: commit(),
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    // Not a clone: then there is none to name.
    return 'unknown'
  }
}
