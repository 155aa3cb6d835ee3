import { readFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { personRole } from '#protocol/roles.ts'
import { secondFactorSettings, signInSettings } from './account-guards.ts'
import { amqpSettings, amqpUrl } from './amqp.ts'
import { accessProblems, clientSettings, httpApiSettings } from './client.ts'
import { ConfigError } from './config-error.ts'
import { kioskSettings } from './kiosk.ts'
import { limits } from './limits.ts'
import { defaultNamespaces, namespaces, timeSpan, withoutNamespace } from './namespaces.ts'
import { network } from './network.ts'
import { databaseUrl } from './postgres-target.ts'
import { redisUrl } from './redis-target.ts'
import { authSettings, deviceSettings, sessionSettings } from './sign-ins.ts'
import { taskSettings } from './tasks.ts'
import { resolveTls, tlsProblems, tlsSettings } from './tls.ts'

const portSentence = 'A port is a whole number from 0 to 65535, for example 8750.'

/** 32 random bytes in base64, of either alphabet. */
const secretPattern = /^[\w+/=-]{43,256}$/

const secretSentence =
  'A secret has 43 characters or more. Copy the secret.key of another node, or run: openssl rand -base64 32'

const daySeconds = 24 * 3600
const keepSentence = 'Give a time span from 1d to 3650d.'

const processesSentence = 'Give a number of processes from 1 to 64, or auto for one a core.'

/** The configuration file `carillon.config.json`; every field is optional and unknown ones are refused. */
export const configSchema = z.strictObject({
  /** Address to listen on. Anything but loopback is a decision of the site. */
  host: z.string().min(1).default('127.0.0.1'),
  /** TCP port; 0 takes a free one. */
  port: z
    .union([z.number(), z.string().regex(/^\d+$/, portSentence).transform(Number)], portSentence)
    .pipe(z.int(portSentence).min(0, portSentence).max(65_535, portSentence))
    .default(8750),
  /** Folder for the database and keys, created with mode 0700. */
  data: z.string().min(1).optional(),
  /** The address people and devices use, when it is not the one listened on: `https://carillon.example.org`. */
  public_url: z
    .url({ protocol: /^https?$/, error: 'public_url is an http or https address.' })
    .transform((url) => new URL(url).origin)
    .optional(),
  /** Without it HTTP is plain, and the server listens on loopback or behind a proxy only. */
  tls: tlsSettings.optional(),
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Processes that serve clients, on one port and one data folder; `auto` is one a core. */
  processes: z
    .union([z.number(), z.literal('auto'), z.string().regex(/^\d+$/).transform(Number)], processesSentence)
    .transform((processes) => (processes === 'auto' ? Math.min(availableParallelism(), 64) : processes))
    .pipe(z.int(processesSentence).min(1, processesSentence).max(64, processesSentence))
    .default(1),
  /** Where accounts are kept: `postgres://carillon:secret@localhost/carillon`. Without it in the data folder. */
  database_url: databaseUrl.optional(),
  /** What signs sessions, the same on every node with the same accounts. Without it the file `secret.key`. */
  secret: z.string().regex(secretPattern, secretSentence).optional(),
  /** What several nodes share: `redis://localhost:6379`. Without it the server is alone. */
  redis_url: redisUrl.optional(),
  /** Begins the name of every key in Redis, so that several installations can share one. */
  redis_prefix: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'redis_prefix is 1 to 64 letters, digits, dots, _ or -.')
    .default('carillon'),
  /** Events from other services, and workers on other machines: `amqp://guest:guest@localhost:5672/`. */
  amqp_url: amqpUrl.optional(),
  amqp: amqpSettings.prefault({}),
  tasks: taskSettings.prefault({}),
  namespaces: namespaces.default(defaultNamespaces),
  /** Channels outside every namespace are refused unless they are given a policy here. */
  channel: z.strictObject({ without_namespace: withoutNamespace.optional() }).prefault({}),
  client: clientSettings.prefault({}),
  http_api: httpApiSettings.prefault({}),
  oauth: z
    .strictObject({
      /** Who may register services that people let in, and change them. */
      client_roles: z.array(personRole).min(1, 'Name at least one role: admin, operator or viewer.').default(['admin']),
    })
    .prefault({}),
  auth: authSettings.prefault({}),
  session: sessionSettings.prefault({}),
  devices: deviceSettings.prefault({}),
  kiosk: kioskSettings.prefault({}),
  limits: limits.prefault({}),
  sign_in: signInSettings.prefault({}),
  second_factor: secondFactorSettings.prefault({}),
  /** Proxies in front of this server: what they say of a client's address (`X-Forwarded-For`) is believed. */
  trusted_proxies: z.array(network).max(100).default([]),
  metrics: z
    .strictObject({
      /** Anybody who reaches the server may read `/metrics`. */
      public: z.boolean().default(false),
    })
    .prefault({}),
  /** What a publication that was answered survives: `normal` a crash of the server, `full` also one of the machine. */
  history_durability: z.enum(['normal', 'full']).default('normal'),
  audit: z
    .strictObject({
      /** How long the record of who did what is kept. */
      keep: timeSpan
        .pipe(
          z
            .int()
            .min(daySeconds, keepSentence)
            .max(3650 * daySeconds, keepSentence),
        )
        .default(400 * daySeconds),
    })
    .prefault({}),
  /** Code of the site's own that is told what happens to clients, and decides. */
  hooks: z
    .strictObject({
      /** Paths of ES modules that export hooks. */
      modules: z.array(z.string().min(1)).max(20).default([]),
      /** How long a user without connections is not yet offline. */
      offline_after: timeSpan.refine((seconds) => seconds <= 3600, 'Give at most an hour.').default(5),
    })
    .prefault({}),
})

/** Settings that a variable gives as JSON. */
const structured = new Set([
  ...[
    'auth',
    'session',
    'devices',
    'kiosk',
    'oauth',
    'trusted_proxies',
    'metrics',
    'audit',
    'sign_in',
    'second_factor',
  ],
  ...['namespaces', 'channel', 'client', 'http_api', 'hooks', 'limits', 'amqp', 'tasks'],
])

export type Config = Omit<z.infer<typeof configSchema>, 'data'> & { readonly data: string }

/** Where each value may come from; later wins. */
export interface ConfigSources {
  readonly env: NodeJS.ProcessEnv
  /** What the command line said; undefined where it said nothing. */
  readonly flags: {
    readonly host?: string
    readonly port?: string
    readonly data?: string
    readonly config?: string
    readonly processes?: string
    readonly tls?: string
  }
  readonly cwd: string
}

/**
 * Reads file, environment and flags, in this order, into one object.
 *
 * @throws ConfigError with every problem there is
 */
export function readConfig({ env, flags, cwd }: ConfigSources): Config {
  const file = readFile(flags.config ?? env.CARILLON_CONFIG, cwd)
  const environment = fromEnvironment(env)
  const { config: _, ...given } = flags
  const values = { ...file.values, ...environment.values, ...defined(given) }
  const parsed = configSchema.safeParse(values, { error: unknownSetting })
  const problems = [...file.problems, ...environment.problems]
  if (!parsed.success) problems.push(...parsed.error.issues.map(sentence))
  else problems.push(...namespaceProblems(parsed.data), ...tlsProblems(parsed.data))
  problems.push(...accessProblems({ http_api: {}, client: {}, ...values }))
  if (problems.length > 0 || !parsed.success) throw new ConfigError('config_invalid', problems)
  const { data, hooks, tasks, tls } = parsed.data
  const modules = hooks.modules.map((path) => resolve(cwd, path))
  return {
    ...parsed.data,
    tls: resolveTls(tls, cwd),
    hooks: { ...hooks, modules },
    tasks: { ...tasks, folder: tasks.folder && resolve(cwd, tasks.folder) },
    data: resolve(cwd, data ?? defaultDataFolder(env)),
  }
}

/** `$XDG_STATE_HOME/carillon`, or `~/.local/state/carillon`. */
export function defaultDataFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'carillon')
}

function namespaceProblems({
  client,
  namespaces,
}: Pick<z.infer<typeof configSchema>, 'client' | 'namespaces'>): string[] {
  const { personal_channel_namespace: named } = client.subscribe_to_user_personal_channel
  if (named === undefined || namespaces.some(({ name }) => name === named)) return []
  return [
    `client.subscribe_to_user_personal_channel.personal_channel_namespace: there is no namespace ${named}. Add it to namespaces.`,
  ]
}

interface Read {
  readonly values: Readonly<Record<string, unknown>>
  readonly problems: readonly string[]
}

function readFile(named: string | undefined, cwd: string): Read {
  const path = resolve(cwd, named ?? 'carillon.config.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Without a name the file is optional; one that is there and cannot be read is never passed over.
    const isAbsent = named === undefined && code === 'ENOENT'
    return { values: {}, problems: isAbsent ? [] : [`The configuration file ${path} cannot be read (${code}).`] }
  }
  try {
    const values = z.looseObject({}).parse(JSON.parse(text))
    const { $schema: _, ...rest } = values
    return { values: rest, problems: [] }
  } catch (error) {
    const reason = error instanceof SyntaxError ? withoutSource(error.message) : 'it is not an object'
    return { values: {}, problems: [`The configuration file ${path} is not valid JSON: ${reason}.`] }
  }
}

/** What is wrong, without the part of the file that Node quotes: it may be a secret, and this goes to logs. */
function withoutSource(message: string): string {
  return message.replace(/,? (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '')
}

/** Variables that name something else than a field of the configuration. */
const otherVariables = new Set([
  'CARILLON_CONFIG',
  'CARILLON_KEY',
  'CARILLON_URL',
  'CARILLON_SERVER',
  'CARILLON_ELECTRON',
  'CARILLON_RESTART_CODE',
  'CARILLON_CHROMIUM',
])

/** `CARILLON_LOG_LEVEL=debug` sets `log_level`; lists and objects are given as JSON. */
function fromEnvironment(env: NodeJS.ProcessEnv): Read {
  // Under these names hosting services give them to every program.
  const values: Record<string, unknown> = {
    ...(env.DATABASE_URL && { database_url: env.DATABASE_URL }),
    ...(env.REDIS_URL && { redis_url: env.REDIS_URL }),
    ...(env.AMQP_URL && { amqp_url: env.AMQP_URL }),
  }
  const problems: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('CARILLON_') || otherVariables.has(name) || value === undefined) continue
    const field = name.slice('CARILLON_'.length).toLowerCase()
    if (!(field in configSchema.shape)) {
      problems.push(`${name}: there is no setting ${field}. Known: ${Object.keys(configSchema.shape).join(', ')}.`)
    } else if (structured.has(field)) {
      try {
        values[field] = JSON.parse(value)
      } catch {
        problems.push(`${name} is not valid JSON.`)
      }
    } else {
      values[field] = value
    }
  }
  return { values, problems }
}

function defined(flags: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function sentence(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** Names what there is beside what there is not. */
function unknownSetting(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined
  const unknown = issue.keys.join(', ')
  return `there is no setting ${unknown}. Known: ${Object.keys(issue.inst.shape).join(', ')}.`
}
