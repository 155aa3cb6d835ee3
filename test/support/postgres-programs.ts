import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const versions = '/usr/lib/postgresql'

/** Where one of PostgreSQL's programs is, or null. Debian keeps them beside each other by version and off the path. */
export function postgresProgram(name: string): string | null {
  const installed = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...installed.map((version) => join(versions, version, 'bin')), ...pathFolders()]
  const folder = folders.find((each) => existsSync(join(each, name)))
  return folder === undefined ? null : join(folder, name)
}

function pathFolders(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
}
