import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import type { z } from 'zod'
import { ticketAnswer } from '#protocol/api.ts'
import { problem } from '#protocol/problem.ts'
import { type Config, readConfig } from '#server/config/config.ts'
import { ListenError, localSocketPath } from '#server/http/listen.ts'
import { CliError, usageError } from './cli-error.ts'
import type { CliContext, TargetFlags } from './context.ts'
import { download } from './download.ts'
import { storedCredential } from './keychain.ts'
import { type LocalServer, localServer } from './local-server.ts'
import { nameOf, requestTo, type Target } from './request-to.ts'
import { unreachable } from './unreachable.ts'

/** A server the command line talks to. */
export interface Api extends AsyncDisposable {
  /**
   * Sends one request and reads its answer. Throws `CliError` with the server's own code and sentence. With a key
   * (`Idempotency-Key`), what is sent again is done once.
   */
  call<T>(method: string, path: string, answer: z.ZodType<T>, body?: unknown, idempotencyKey?: string): Promise<T>
  /** The answer to a GET, of any length. Throws `CliError` likewise. */
  download(path: string): Promise<IncomingMessage>
  readonly socketUrl: string
  /** Asks for a token that opens the socket; null where none is needed. */
  readonly socketToken: (() => Promise<string>) | null
  /** What the records are configured to keep, when no server runs and so nobody listens; null when one runs. */
  readonly offline: Config | null
}

/**
 * Finds the server: `--url` (or CARILLON_URL) with a key in CARILLON_KEY or the keychain; otherwise the local socket in
 * the data folder; otherwise, with `offline`, the records that are there, by a server without a port for as long as the
 * command takes. Only `serve` makes new ones: a mistyped folder is not an installation.
 */
export async function openApi(
  context: CliContext,
  flags: TargetFlags,
  { offline }: { offline: boolean },
): Promise<Api> {
  const { env } = context
  if (flags.url !== undefined && flags.data !== undefined) {
    throw usageError('two_targets', 'Give --url or --data, not both.')
  }
  const byEnvironment = env.CARILLON_URL ?? (env.CARILLON_KEY ? 'http://127.0.0.1:8750' : undefined)
  const url = flags.url ?? (flags.data === undefined ? byEnvironment : undefined)
  if (url !== undefined) return openRemote(originOf(url), env)

  const config = readConfig({
    env: context.env,
    flags: flags.data === undefined ? {} : { data: flags.data },
    cwd: context.cwd,
  })
  const socketPath = localSocketPath(config.data)
  const found = await untilSettled(() => localServer(socketPath))
  if (found !== 'absent') return openLocal(socketPath, null, { [Symbol.asyncDispose]: async () => {} })
  if (!offline) {
    const sentence = `No server runs on ${config.data}. Start one with npm start or carillon serve, or name it with --url or --data.`
    throw new CliError('no_server', sentence)
  }
  if (!existsSync(join(config.data, 'carillon.sqlite'))) {
    const sentence = `There is no Carillon in ${config.data}: start one with npm start, or give the right --data.`
    throw new CliError('no_data', sentence)
  }
  try {
    const server = await context.startServer({ config, log: pino({ level: 'silent' }), tcp: false })
    return openLocal(socketPath, config, server)
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof ListenError) || error.code !== 'already_running') throw error
    return openApi(context, flags, { offline })
  }
}

/** How long a server may take to start or stop before a command gives up, and between two looks, in milliseconds. */
const changePatienceMs = 10_000
const lookAgainMs = 200

/** Waits for a server that is starting or stopping. */
async function untilSettled(look: () => Promise<LocalServer>): Promise<LocalServer> {
  const deadline = performance.now() + changePatienceMs
  for (;;) {
    const state = await look()
    if (state !== 'changing' || performance.now() > deadline) return state
    await pause(lookAgainMs)
  }
}

export function originOf(url: string): string {
  const withScheme = /^[a-z]+:\/\//i.test(url) ? url : `http://${url}`
  if (!URL.canParse(withScheme) || !/^https?:$/.test(new URL(withScheme).protocol)) {
    throw usageError('bad_url', `${url} is not the address of a server. Give one such as https://carillon.example.org.`)
  }
  return new URL(withScheme).origin
}

function openLocal(socketPath: string, offline: Config | null, server: AsyncDisposable): Api {
  return {
    call: (method, path, answer, body, key) => exchange({ socketPath }, withKey({}, key), method, path, answer, body),
    download: (path) => download({ socketPath }, {}, path),
    socketUrl: `ws+unix:${socketPath}:/connection/websocket`,
    socketToken: null,
    offline,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function openRemote(origin: string, env: NodeJS.ProcessEnv): Promise<Api> {
  const credential = env.CARILLON_KEY ?? (await storedCredential(origin))
  if (!credential) {
    const sentence = `Nothing is known that opens ${origin}. Run carillon login --url ${origin}, or put an API key into CARILLON_KEY.`
    throw new CliError('not_logged_in', sentence)
  }
  const headers = credentialHeaders(credential)
  const call: Api['call'] = (method, path, answer, body, key) =>
    exchange({ origin }, withKey(headers, key), method, path, answer, body)
  return {
    call,
    download: (path) => download({ origin }, headers, path),
    socketUrl: `${origin.replace(/^http/, 'ws')}/connection/websocket`,
    socketToken: async () => (await call('POST', '/api/v1/tickets', ticketAnswer)).ticket,
    offline: null,
    [Symbol.asyncDispose]: async () => {},
  }
}

function withKey(headers: Record<string, string>, key: string | undefined): Record<string, string> {
  return key === undefined ? headers : { ...headers, 'idempotency-key': key }
}

/** A key carries its prefix; anything else is a session. */
export function credentialHeaders(credential: string): Record<string, string> {
  return credential.startsWith('crl_') ? { 'x-api-key': credential } : { authorization: `Bearer ${credential}` }
}

/** How long one request may take, in milliseconds. */
const timeoutMs = 30_000

/** One request and its answer. */
export async function exchange<T>(
  target: Target,
  headers: Record<string, string>,
  method: string,
  path: string,
  answer: z.ZodType<T>,
  body?: unknown,
): Promise<T> {
  const { status, json } = await sendUntilTaken(target, headers, method, path, body)
  if (status >= 200 && status < 300) {
    const parsed = answer.safeParse(json)
    if (parsed.success) return parsed.data
    throw notCarillon(target)
  }
  const refused = problem.safeParse(json)
  if (refused.success) throw new CliError(refused.data.code, refused.data.detail)
  throw notCarillon(target)
}

/**
 * A server that is starting, stopping or full has done nothing with a request, and will be another one in seconds. What
 * it may have done all the same is done once: publications and commands carry an idempotency key.
 */
async function sendUntilTaken(
  target: Target,
  headers: Record<string, string>,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; json: unknown }> {
  const deadline = performance.now() + changePatienceMs
  for (;;) {
    const { status, text } = await send(target, headers, method, path, body)
    if (status !== 503 || performance.now() > deadline) return { status, json: parseJson(text) }
    await pause(lookAgainMs)
  }
}

function send(
  target: Target,
  headers: Record<string, string>,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const fail = (cause: Error) => reject(unreachable(nameOf(target), cause))
    const options = {
      method,
      headers: {
        ...headers,
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    }
    const request = requestTo(target, path, options)
    request.on('error', fail)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    request.end(payload)
  })
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return null
  }
}

function notCarillon(target: Target): CliError {
  return new CliError(
    'not_carillon',
    `${nameOf(target)} answers, but not as a Carillon server does. Check the address.`,
  )
}
