import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A process of an app, as Linux tells it. */
export interface TreeProcess {
  readonly pid: number
  /** `main`, or what Chromium calls its kind: `renderer`, `gpu-process`, `utility`, `zygote`. */
  readonly type: string
  /** What it takes, each shared page counted by its share. */
  readonly megabytes: number
  /** Of that, what is of no file: nobody outside of the app has a share in it. */
  readonly ownMegabytes: number
  readonly openFiles: number
  readonly threads: number
}

/** A process and all below it, in the order of their start. What ends meanwhile is left out. */
export function processTree(root: number): readonly TreeProcess[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const parent = /^PPid:\s+(\d+)/m.exec(read(join('/proc', name, 'status')))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const below = (pid: number): boolean => pid === root || (parents.has(pid) && below(parents.get(pid) ?? 0))
  return [...parents.keys()]
    .filter(below)
    .flatMap((pid) => describe(pid, pid === root))
    .sort((a, b) => a.begun - b.begun || a.pid - b.pid)
}

/** Megabytes of a process and all below it. */
export function proportionalMegabytes(root: number): number {
  return Math.round(processTree(root).reduce((sum, { megabytes }) => sum + megabytes, 0))
}

function describe(pid: number, isRoot: boolean): readonly (TreeProcess & { readonly begun: number })[] {
  const rollup = read(`/proc/${pid}/smaps_rollup`)
  const share = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024
  if (share('Pss') === 0) return []
  const type = /--type=([a-z-]+)/.exec(read(`/proc/${pid}/cmdline`))?.[1]
  const stat = read(`/proc/${pid}/stat`)
  // The second field is the program's name in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [
    {
      ...{ pid, type: type ?? (isRoot ? 'main' : 'other'), megabytes: share('Pss') },
      ownMegabytes: share('Pss_Anon') + share('Pss_Shmem'),
      ...{ openFiles: openFilesOf(pid), threads: Number(fields[17]), begun: Number(fields[19]) },
    },
  ]
}

function openFilesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0 // it has ended meanwhile
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // it has ended meanwhile
  }
}
