import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { z } from 'zod'
import { tokenAnswer } from '#protocol/api.ts'
import { keyAnswer } from '#protocol/keys.ts'
import type { KeyScope, PersonRole } from '#protocol/roles.ts'
import { userView } from '#protocol/users.ts'
import { localSocketPath } from '#server/http/listen.ts'
import { type ChildProgram, startChild } from './child-program.ts'

/** The launcher a user runs, so that what the tests see is what users get. */
export const carillon = join(import.meta.dirname, '../../server/carillon.js')

/** What its first line has the shell of a user tell Node. */
const nodeOptions = readFileSync(carillon, 'utf8').split('\n', 1)[0]?.match(/--\S+/g) ?? []

/** Where the servers of a test keep their records, if not in their data folders. */
export const databaseVariable = 'TEST_DATABASE_URL'

export const password = 'a bell rings at nine'

/** A real server: its own process, its own data folder, on a port that stays the same through restarts. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string
  readonly data: string
  readonly setupLink: string | null
  /** Of the process that was started, while it runs. */
  readonly pid: number | null
  /** How often `kill` has ended it. */
  readonly kills: number
  /** All it ever wrote to its logs and terminal, over every restart. */
  output(): string
  /** SIGKILL, as pulling the plug would. */
  kill(): Promise<void>
  /** SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>
  /** Waits for it to end by itself, and answers its exit code. */
  ended(): Promise<number | null>
  start(): Promise<void>
  /** Runs `carillon` with these arguments against this server's data folder. */
  cli(args: readonly string[], options?: CliOptions): Promise<CliResult>
  /** A request with a JSON body and answer. */
  api(method: string, path: string, options?: ApiOptions): Promise<{ status: number; headers: Headers; body: unknown }>
}

export interface CliOptions {
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
  /** Leave out `--data`. */
  readonly bare?: boolean
}
export interface CliResult {
  readonly code: number | null
  readonly output: string
}
export interface ApiOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export async function startServerProcess({
  env: given = {},
  config,
  tls,
}: {
  readonly env?: NodeJS.ProcessEnv
  /** A configuration file. */
  readonly config?: string
  /** What `--tls` says. */
  readonly tls?: string
} = {}): Promise<ServerProcess> {
  const data = await mkdtemp(join(tmpdir(), 'carillon-data-'))
  const records = process.env[databaseVariable]
  // Whoever shares records has the same secret.
  const shared = records === undefined ? {} : { DATABASE_URL: records, CARILLON_SECRET: 's'.repeat(43) }
  const env = { ...shared, ...given }
  const port = await freePort()
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const ended: string[] = []
  let child: ChildProgram | null = null
  let setupLink: string | null = null
  let kills = 0

  async function start(): Promise<void> {
    const configured = config === undefined ? [] : ['--config', config]
    const secured = tls === undefined ? [] : ['--tls', tls]
    const args = ['serve', '--port', String(port), '--data', data, '--json', ...configured, ...secured]
    child = startChild(process.execPath, [...nodeOptions, carillon, ...args], {
      env: { ...cleanEnv(), ...env },
    })
    const [line] = await child.waitFor(/^\{"url".*\}$/m, 60_000)
    setupLink = JSON.parse(line).setupLink ?? setupLink
  }
  async function end(signal: NodeJS.Signals | null): Promise<number | null> {
    if (child === null) return null
    const ending = child
    child = null
    try {
      if (signal !== null) process.kill(ending.pid, signal)
    } catch {
      // It has ended by itself: the exit code says how.
    }
    const code = await ending.exited
    ended.push(ending.output())
    return code
  }

  await start()
  return {
    url,
    data,
    get setupLink() {
      return setupLink
    },
    get pid() {
      return child?.pid ?? null
    },
    output: () => [...ended, child?.output() ?? ''].join('\n'),
    get kills() {
      return kills
    },
    async kill() {
      await end('SIGKILL')
      kills++
    },
    stop: () => end('SIGTERM'),
    ended: () => end(null),
    start,
    cli: (args, { input, env: more, bare = false } = {}) =>
      runCarillon(bare ? args : [...args, '--data', data], {
        ...(input === undefined ? {} : { input }),
        env: { ...env, ...more },
      }),
    async api(method, path, { body, headers } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(20_000),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, body: text === '' ? null : parse(text) }
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await rm(data, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Runs the `carillon` command to its end. */
export async function runCarillon(args: readonly string[], { input, env }: CliOptions = {}): Promise<CliResult> {
  await using child = startChild(process.execPath, [carillon, ...args], {
    env: { ...cleanEnv(), ...env },
    ...(input === undefined ? {} : { input }),
  })
  const code = await child.exited
  return { code, output: child.output() }
}

/** Creates an account and answers its bearer token. */
export async function signIn(
  server: ServerProcess,
  email: string,
  role: PersonRole,
): Promise<{ id: string; token: string }> {
  const user = await postLocally(server, '/api/v1/users', { email, role, password }, userView)
  const { body } = await server.api('POST', '/api/v1/token', { body: { email, password } })
  return { id: user.id, token: tokenAnswer.parse(body).token }
}

export async function createKey(server: ServerProcess, scopes: readonly KeyScope[]): Promise<string> {
  return (await postLocally(server, '/api/v1/keys', { name: 'a test', scopes }, keyAnswer)).key
}

/** Through the socket in the data folder, as the command line does, and without the second that a command takes. */
async function postLocally<T>({ data }: ServerProcess, path: string, body: object, answer: z.ZodType<T>): Promise<T> {
  const sent = request({
    ...{ socketPath: localSocketPath(data), path, method: 'POST', agent: false, timeout: 20_000 },
    headers: { 'content-type': 'application/json' },
  })
  sent.on('timeout', () => sent.destroy(new Error(`no answer to POST ${path}`)))
  sent.end(JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return answer.parse(await json(response))
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A port nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The test's own environment, without settings that would reach the server. */
function cleanEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('CARILLON_') && !['REDIS_URL', 'DATABASE_URL', 'AMQP_URL'].includes(name),
    ),
  )
}
