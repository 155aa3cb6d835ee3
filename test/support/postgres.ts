import { chownSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, escapeIdentifier } from 'pg'
import { type ChildProgram, startChild } from './child-program.ts'
import { postgresProgram } from './postgres-programs.ts'
import { freePort } from './server-process.ts'

/** A real PostgreSQL of a test, on a port that stays the same through everything that is done to it. */
export interface PostgresOfTest extends AsyncDisposable {
  readonly port: number
  /** For `database_url`: of the user `carillon`, whose databases `createDatabase` makes. */
  url(database: string): string
  /** Its administrator's. */
  readonly adminUrl: string
  createDatabase(name: string, template?: string): Promise<void>
  /** At once, as pulling the plug would: its connections break off. */
  kill(): Promise<void>
  /** Again, after `kill`, with what it had written. */
  start(): Promise<void>
}

const password = 'a bell rings at ten'

export async function startPostgres(): Promise<PostgresOfTest> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-postgres-'))
  const data = join(folder, 'data')
  const port = await freePort()
  const owner = ownerOf(folder)
  const adminUrl = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
  let child: ChildProgram | null = null
  await initialize()
  await start()
  await asAdministrator(adminUrl, `create role carillon login createdb password '${password}'`)

  return {
    port,
    adminUrl,
    url: (database) => `postgres://carillon:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    createDatabase: (name, template) => createDatabase(adminUrl, name, template),
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }

  async function initialize(): Promise<void> {
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, password)
    if (owner !== undefined) chownSync(passwordFile, owner.uid, owner.gid)
    await using initdb = startChild(
      programPath('initdb'),
      [
        ...['--pgdata', data, '--username', 'postgres', '--auth', 'scram-sha-256', '--pwfile', passwordFile],
        ...['--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
      ],
      { cwd: folder, ...owner },
    )
    if ((await initdb.exited) !== 0) throw new Error(`initdb failed: ${initdb.output()}`)
  }

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: folder,
      max_connections: 300,
      shared_buffers: '32MB',
      // The machine's power does not fail here.
      fsync: 'off',
      full_page_writes: 'off',
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    child = startChild(programPath('postgres'), ['-D', data, '-p', String(port), ...flags], { cwd: folder, ...owner })
    await child.waitFor(/database system is ready to accept connections/)
  }

  async function kill(): Promise<void> {
    if (child === null) return
    const ending = child
    child = null
    process.kill(ending.pid, 'SIGQUIT')
    await ending.exited
  }
}

/** As a copy of `template`, which nobody may be connected to. */
export async function createDatabase(adminUrl: string, name: string, template = 'template0'): Promise<void> {
  const [database, from] = [name, template].map(escapeIdentifier)
  await asAdministrator(adminUrl, `create database ${database} owner carillon template ${from}`)
}

/** Notes what is in a database that was just made, for `resetDatabase` in its copies. */
export async function noteRows(adminUrl: string, name: string): Promise<void> {
  await forEachTable(adminUrl, name, 'create table noted.%1$I as table public.%1$I', 'create schema noted;')
}

/** Leaves every table of a copy as it was noted. */
export async function resetDatabase(adminUrl: string, name: string): Promise<void> {
  const statement = 'delete from public.%1$I; insert into public.%1$I select * from noted.%1$I'
  // Without foreign keys, whose order would matter, and without triggers that keep rows from being removed.
  await forEachTable(adminUrl, name, statement, 'set session_replication_role = replica;')
}

async function forEachTable(adminUrl: string, name: string, statement: string, first: string): Promise<void> {
  const loop = `do $$ declare found text; begin
    for found in select tablename from pg_tables where schemaname = 'public' loop
      execute format('${statement}', found);
    end loop;
  end $$`
  await asAdministrator(adminUrl, `${first} ${loop}`, name)
}

/** One statement, or several, of the administrator's. */
export async function asAdministrator(adminUrl: string, statement: string, database = 'postgres'): Promise<void> {
  const url = new URL(adminUrl)
  url.pathname = database
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 10_000, query_timeout: 30_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function programPath(name: string): string {
  const path = postgresProgram(name)
  if (path === null) throw new Error(`${name} is not installed: apt-get install postgresql`)
  return path
}

/** PostgreSQL does not run as root: then the folder is given to its own user, or to one that has nothing else. */
function ownerOf(folder: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = users.find((user) => user.startsWith('postgres:')) ?? users.find((user) => user.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined) throw new Error('there is no user to run PostgreSQL as')
  const owner = { uid: Number(uid), gid: Number(gid) }
  chownSync(folder, owner.uid, owner.gid)
  return owner
}
