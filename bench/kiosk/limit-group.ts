import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Limited {
  /** Bytes, and a share of one processor in percent; null for as much as there is. */
  readonly memory: number | null
  readonly cpu: number | null
}

/** A control group of Linux that holds what is started in it to some memory and some processor time. */
export interface LimitGroup extends AsyncDisposable {
  /** Put before a program and its arguments, starts it in the group. */
  readonly within: readonly string[]
}

const root = '/sys/fs/cgroup'
const enter = 'for group in $1; do echo $$ > "$group/cgroup.procs" || exit 1; done; shift; exec "$@"'
const periodUs = 100_000

/** Throws a sentence that says why where it cannot be had. */
export function openLimitGroup(limits: Limited): LimitGroup {
  const name = `carillon-bench-${process.pid}`
  const made: string[] = []
  try {
    for (const [group, values] of Object.entries(settings(limits, name))) {
      mkdirSync(group)
      made.push(group)
      for (const [file, value] of Object.entries(values)) writeFileSync(join(group, file), value)
    }
  } catch (error) {
    for (const group of made) rmdirSync(group)
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `Memory and processor cannot be limited here (${reason}). It takes root, and control groups below ${root} that can be written.`,
    )
  }
  return {
    within: ['/bin/sh', '-c', enter, 'sh', made.join(' ')],
    async [Symbol.asyncDispose]() {
      for (const group of made) await remove(group)
    },
  }
}

/** The groups to make, each with what is written into its files: one of version 2, or one for each kind of version 1. */
function settings({ memory, cpu }: Limited, name: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const quota = cpu === null ? null : String(Math.round((cpu / 100) * periodUs))
  if (existsSync(join(root, 'cgroup.controllers'))) {
    writeFileSync(join(root, 'cgroup.subtree_control'), '+memory +cpu')
    return {
      [join(root, name)]: {
        ...(memory !== null && { 'memory.max': String(memory) }),
        ...(quota !== null && { 'cpu.max': `${quota} ${periodUs}` }),
      },
    }
  }
  return {
    ...(memory !== null && { [join(ownGroup('memory'), name)]: { 'memory.limit_in_bytes': String(memory) } }),
    ...(quota !== null && {
      [join(ownGroup('cpu'), name)]: { 'cpu.cfs_period_us': String(periodUs), 'cpu.cfs_quota_us': quota },
    }),
  }
}

/** Where this very process is, so that what holds for it holds for what it starts. */
function ownGroup(kind: string): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((one) => one.split(':')[1]?.split(',').includes(kind))
  return join(root, kind, line?.split(':')[2] ?? '/')
}

/** A group can be removed once all in it have ended. */
async function remove(group: string): Promise<void> {
  const end = performance.now() + 5000
  for (;;) {
    try {
      return rmdirSync(group)
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await pause(100)
  }
}
