/** One import as written in one file; both paths are relative to the repository's root, with forward slashes. */
export interface Import {
  readonly from: string
  /** A path of ours (`server/hub.ts`) or a package (`electron`, `node:fs`). */
  readonly to: string
  readonly ours: boolean
  /** Erased before the code runs, so that it counts for directions but cannot close a cycle. */
  readonly typeOnly: boolean
}

interface FolderRule {
  /** Folders of ours that may be imported besides the folder itself. */
  readonly folders: readonly string[] | 'all'
  /** Packages that must not be imported, and why. */
  readonly banned?: readonly { readonly name: RegExp; readonly because: string }[]
  /** The only packages that may be imported; every one when absent. */
  readonly packages?: RegExp
}

const node = { name: /^node:/, because: 'it also runs where there is no Node' }
const electron = { name: /^electron(\/|$)/, because: 'only main/ and preload/ run inside Electron' }

/** The architecture: who may import whom. */
const folderRules: Readonly<Record<string, FolderRule>> = {
  protocol: { folders: [], banned: [node, electron] },
  native: { folders: [], banned: [electron] },
  server: { folders: ['protocol'], banned: [electron] },
  renderer: { folders: ['protocol'], banned: [node, electron] },
  preload: { folders: ['protocol'], packages: /^electron(\/|$)/ },
  main: { folders: ['protocol', 'native'] },
  build: { folders: 'all' },
  test: { folders: 'all' },
  bench: { folders: 'all' },
}

/** The rooms of server/, from the ground up: a room imports only from rooms before it. */
const rooms: readonly string[] = [
  'metrics',
  'config',
  'store',
  'amqp',
  'auth',
  'broker',
  'processes',
  'realtime',
  'archive',
  'ingest',
  'tasks',
  'fleet',
  'http',
  'cli',
]
/** Files of server/ where everything is put together; `serve` in the command line starts them. */
const compositions = [
  'task-transport',
  'engine',
  'messaging',
  'compose',
  'worker',
  'task-worker',
  'primary',
  'main',
  'carillon',
]

/** One place of a folder that may import what the rest of it may not. */
const exceptions = [
  // `carillon doctor` says whether the native library of this machine works; the server writes with it where it does.
  { at: 'server/cli/', folder: 'native' },
  { at: 'server/compose.ts', folder: 'native' },
]

/** Narrower rules inside a folder, where the reason is not one of direction. */
const places = [
  { at: 'renderer/kiosk/', name: /^@mantine\//, because: 'a kiosk has 1 GB of memory; it has its own components' },
]

/** Everything that is wrong with the imports, one sentence each, in the order of the files. */
export function findViolations(imports: readonly Import[]): string[] {
  const wrong = imports.flatMap((one) => {
    const reason = one.ours ? wrongDirection(one) : wrongPackage(one)
    return reason === undefined ? [] : [`${one.from} must not import ${one.to}: ${reason}`]
  })
  return [...wrong, ...findCycles(imports).map((files) => `import cycle: ${files.join(' -> ')}`)]
}

function wrongDirection({ from, to }: Import): string | undefined {
  const source = folderOf(from)
  const target = folderOf(to)
  const rule = folderRules[source]
  if (!from.includes('/')) return undefined // configuration at the root
  if (!to.includes('/')) return undefined // package.json and the like
  if (rule === undefined) return `${source}/ is not a known folder; give it a rule in build/import-rules.ts`
  const isTest = /(\.test|-fixture)\.tsx?$/.test(from)
  if (source !== target) {
    if (isTest && target === 'test') return undefined
    if (rule.folders === 'all' || rule.folders.includes(target)) return undefined
    if (exceptions.some(({ at, folder }) => from.startsWith(at) && folder === target)) return undefined
    return `${source}/ may import ${['only itself', ...rule.folders.map((name) => `${name}/`)].join(', ')}`
  }
  return source === 'server' && !isTest ? wrongRoom(from, to) : undefined
}

function wrongRoom(from: string, to: string): string | undefined {
  const source = roomOf(from)
  const target = roomOf(to)
  if (source === target || compositions.includes(source)) return undefined
  if (source === 'cli' && compositions.includes(target)) return undefined
  const sourceRank = rankOf(source)
  const targetRank = rankOf(target)
  if (sourceRank === -1) return `server/${source} is not a known room; give it its place in build/import-rules.ts`
  if (compositions.includes(target)) return 'nothing below the command line knows how the parts are put together'
  if (targetRank === -1) return `server/${target} is not a known room; give it its place in build/import-rules.ts`
  return targetRank < sourceRank ? undefined : `${source} stands below ${target} in server/`
}

function wrongPackage({ from, to }: Import): string | undefined {
  if (/(\.test|-fixture)\.tsx?$/.test(from)) return undefined
  const rule = folderRules[folderOf(from)]
  const banned = rule?.banned?.find((entry) => entry.name.test(to))
  if (banned !== undefined) return banned.because
  const place = places.find((entry) => from.startsWith(entry.at) && entry.name.test(to))
  if (place !== undefined) return place.because
  if (rule?.packages !== undefined && !rule.packages.test(to))
    return `${folderOf(from)}/ is the bridge and nothing else`
  return undefined
}

/** Each cycle once, starting at the file that was reached first. */
function findCycles(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>()
  for (const { from, to, ours, typeOnly } of imports) {
    if (ours && !typeOnly) targets.set(from, [...(targets.get(from) ?? []), to])
  }
  const cycles: string[][] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const start = path.indexOf(file)
    if (start !== -1) {
      cycles.push([...path.slice(start), file])
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of targets.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of targets.keys()) visit(file)
  return cycles
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'))
}

/** `server/auth/tickets.ts` and `server/auth.ts` are both of the room `auth`. */
function roomOf(path: string): string {
  const [, first = ''] = path.split('/')
  return first.replace(/\..*$/, '')
}

function rankOf(room: string): number {
  return rooms.indexOf(room)
}
