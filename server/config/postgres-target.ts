import { z } from 'zod'

/** Where PostgreSQL is. A password in it is never logged: say `describePostgres` to people. */
export interface PostgresTarget {
  /** A name, an address, or the folder of a socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user?: string
  readonly password?: string
  readonly tls: PostgresTls
  /** A file with the certificates of those who may sign the server's. Default: those that Node trusts. */
  readonly rootCertificate?: string
}

/** `require` encrypts without asking who answers, as everywhere with PostgreSQL; `verify-full` asks. */
export type PostgresTls = (typeof tlsModes)[number]
const tlsModes = ['disable', 'require', 'verify-full'] as const

const forms =
  'postgres://USER:PASSWORD@HOST:PORT/DATABASE, with ?sslmode=require or verify-full for TLS, or postgres://USER@/DATABASE?host=/FOLDER for a socket'

/** `database_url`: `postgres://carillon:secret@10.0.0.5/carillon` and the other forms of docs/several-nodes.md. */
export const databaseUrl = z.string().transform((text, context): PostgresTarget => {
  const target = parse(text.trim())
  if (target !== null) return target
  context.addIssue({ code: 'custom', message: `This is no address of a PostgreSQL. Write ${forms}.` })
  return z.NEVER
})

/** Perhaps user and password; perhaps an address; the database; perhaps parameters. */
const urlPattern = /^postgres(?:ql)?:\/\/(?:([^@/]*)@)?([^@/?#]*)\/([^/?#]+)(?:\?([^#]*))?$/

const parameters = z.strictObject({
  sslmode: z.enum(tlsModes).default('disable'),
  sslrootcert: z.string().min(1).optional(),
  host: z.string().startsWith('/').optional(),
})

function parse(text: string): PostgresTarget | null {
  const [, userInfo = '', address = '', database = '', query = ''] = urlPattern.exec(text) ?? []
  const given = parameters.safeParse(Object.fromEntries(new URLSearchParams(query)))
  const place = given.success ? placeOf(address, given.data.host) : null
  if (!given.success || place === null || database === '') return null
  const { sslmode: tls, sslrootcert } = given.data
  return {
    ...place,
    database: decoded(database),
    ...credentialsIn(userInfo),
    tls,
    ...(sslrootcert !== undefined && { rootCertificate: sslrootcert }),
  }
}

function placeOf(address: string, folder: string | undefined): Pick<PostgresTarget, 'host' | 'port'> | null {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(address)
  if (match === null) return null
  const named = match[1] ?? match[2] ?? ''
  const port = match[3] === undefined ? 5432 : Number(match[3])
  const host = folder ?? named
  // A folder beside a name would be two places.
  if (host === '' || (folder !== undefined && named !== '') || port < 1 || port > 65_535) return null
  return { host, port }
}

function credentialsIn(userInfo: string): Pick<PostgresTarget, 'user' | 'password'> {
  const [user = '', ...rest] = userInfo.split(':')
  const password = decoded(rest.join(':'))
  return { ...(user !== '' && { user: decoded(user) }), ...(password !== '' && { password }) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** For people and logs: without user and password. */
export function describePostgres({ host, port, database }: PostgresTarget): string {
  return `${database} at ${host}:${port}`
}
