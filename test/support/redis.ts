import { mkdir, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type ChildProgram, startChild } from './child-program.ts'
import { freePort } from './server-process.ts'

/** A real Redis of a test, on a port that stays the same through everything that is done to it. */
export interface RedisServerOfTest extends AsyncDisposable {
  readonly port: number
  /** For `redis_url`. */
  readonly url: string
  /** A command on a connection of the test's own. */
  ask(command: string, ...args: readonly (string | number)[]): Promise<unknown>
  /** SIGKILL, as pulling the plug would. */
  kill(): Promise<void>
  /** Again, after `kill`, with what it had written to disk, without the last of that, as after a power failure, or with nothing. */
  start(options?: { readonly data?: 'kept' | 'torn' | 'lost' }): Promise<void>
  /** It answers nobody until `resume`, and its connections stay open: SIGSTOP. */
  pause(): void
  resume(): void
  /** How often each command was carried out since the last time this was asked, by name. */
  countCommands(): Promise<ReadonlyMap<string, number>>
}

export interface RedisOptions {
  /** Writes everything to disk before it answers. By default only what is asked for with `save`. */
  readonly appendOnly?: boolean
  /** Further arguments: `['--cluster-enabled', 'yes']`. */
  readonly args?: readonly string[]
  readonly password?: string
}

export async function startRedis({
  appendOnly = false,
  args = [],
  password,
}: RedisOptions = {}): Promise<RedisServerOfTest> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-redis-'))
  const port = await freePort()
  let child: ChildProgram | null = null
  let admin: Redis | null = null
  await start()

  return {
    port,
    url: `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    ask,
    kill,
    async start({ data = 'kept' } = {}) {
      if (data === 'lost') {
        await rm(folder, { recursive: true, force: true })
        await mkdir(folder)
      }
      if (data === 'torn') await tear(join(folder, 'appendonlydir'))
      await start()
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async countCommands() {
      const counts = parseCommandStats(String(await ask('info', 'commandstats')))
      await ask('config', 'resetstat')
      return counts
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }

  async function start(): Promise<void> {
    const persistence = appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
    child = startChild('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      ...persistence,
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
    ])
    await child.waitFor(/Ready to accept connections/)
  }

  async function kill(): Promise<void> {
    admin?.disconnect()
    admin = null
    if (child === null) return
    const ending = child
    child = null
    process.kill(ending.pid, 'SIGKILL')
    await ending.exited
  }

  function signal(name: NodeJS.Signals): void {
    if (child !== null) process.kill(child.pid, name)
  }

  async function ask(command: string, ...given: readonly (string | number)[]): Promise<unknown> {
    if (admin === null) {
      admin = new Redis({
        port,
        host: '127.0.0.1',
        ...(password !== undefined && { password }),
        commandTimeout: 10_000,
      })
      admin.on('error', () => {}) // the test says what it expects
    }
    return admin.call(command, ...given)
  }
}

/** Takes the last 50 KB off what was appended. */
async function tear(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.incr.aof')) continue
    const path = join(folder, name)
    await truncate(path, Math.max(0, (await stat(path)).size - 50_000))
  }
}

/** `cmdstat_evalsha:calls=21,usec=…` */
function parseCommandStats(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]),
  )
}
