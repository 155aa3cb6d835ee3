import { createWriteStream, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { page } from '#protocol/api.ts'
import {
  type AuditParty,
  type AuditView,
  auditActions,
  auditExportFormat,
  auditOutcome,
  auditView,
} from '#protocol/audit.ts'
import { openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import { localTime } from '../clock.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { spanMs } from '../span.ts'
import { withTarget } from '../target-options.ts'

interface ExportFlags extends FilterFlags {
  readonly output: string
  readonly format: string
  readonly force?: boolean
}

interface FilterFlags extends TargetFlags {
  readonly actor?: string
  readonly target?: string
  readonly action?: string
  readonly outcome?: string
  readonly address?: string
  readonly since?: string
  readonly until?: string
}

/** Entries that one page may have. */
const maxPage = 200

export function auditCommand(context: CliContext): Command {
  const command = new Command('audit')
    .description('show who did what: sign-ins, refusals, and changes of rights')
    .option('--limit <number>', 'how many entries, newest first', '50')
    .addHelpText(
      'after',
      '\nExamples:\n  carillon audit --since 1d --outcome refused\n  carillon audit export -o audit.csv',
    )
    .action(async (flags: FilterFlags & { readonly limit: string }) => {
      const limit = /^\d{1,6}$/.test(flags.limit) ? Number(flags.limit) : 0
      if (limit === 0) throw usageError('bad_limit', 'Give a number of entries from 1 to 999999, such as --limit 200.')
      const query = queryOf(flags)
      await using api = await openApi(context, flags, { offline: true })
      const entries: AuditView[] = []
      let cursor: string | null = null
      do {
        query.set('limit', String(Math.min(limit - entries.length, maxPage)))
        if (cursor !== null) query.set('cursor', cursor)
        const answer: { items: AuditView[]; next: string | null } = await api.call(
          'GET',
          `/api/v1/audit?${query}`,
          page(auditView),
        )
        entries.push(...answer.items)
        cursor = answer.next
      } while (cursor !== null && entries.length < limit)
      const words = table(['TIME', 'WHO', 'WHAT', 'ON', 'OUTCOME', 'FROM'], entries.map(rowOf))
      print(flags.json, entries, entries.length === 0 ? 'Nothing like this is on record.' : words)
    })
  return withFilter(command.enablePositionalOptions().addCommand(exportCommand(context)))
}

function exportCommand(context: CliContext): Command {
  const command = new Command('export')
    .description('write the record to a file, oldest first')
    .addHelpText('after', '\nExample:\n  carillon audit export -o audit.csv --since 30d')
    .requiredOption('-o, --output <file>', 'where to write it')
    .option('--force', 'in place of a file that is there')
    .addOption(
      new Option('--format <format>', 'for spreadsheets or for programs')
        .choices(auditExportFormat.options)
        .default('csv'),
    )
    .action(async (flags: ExportFlags) => {
      const query = queryOf(flags)
      refuseToReplace(flags)
      query.set('format', flags.format)
      await using api = await openApi(context, flags, { offline: true })
      const answer = await api.download(`/api/v1/audit/export?${query}`)
      const bytes = await save(answer, flags.output)
      print(flags.json, { file: flags.output, bytes }, `Wrote ${flags.output}, ${sizeOf(bytes)}.`)
    })
  return withFilter(command)
}

function withFilter(command: Command): Command {
  return withTarget(
    command
      .option('--actor <who>', 'who did it: an id or a part of the name')
      .option('--target <what>', 'what it was done to: an id or a part of the name')
      .addOption(new Option('--action <action>', 'what was done, such as sign_in').choices(auditActions))
      .addOption(new Option('--outcome <outcome>', 'how it ended').choices(auditOutcome.options))
      .option('--address <address>', 'where it was asked for')
      .option('--since <span>', 'how far back: 30m, 12h or 7d')
      .option('--until <span>', 'up to how long ago: 1d'),
  )
}

function queryOf({ actor, target, action, outcome, address, since, until }: FilterFlags): URLSearchParams {
  const given = Object.entries({ actor, target, action, outcome, address }).filter((entry) => entry[1] !== undefined)
  const query = new URLSearchParams(given as [string, string][])
  const ago = (span: string) => new Date(Date.now() - spanMs(span)).toISOString()
  if (since !== undefined) query.set('from', ago(since))
  if (until !== undefined) query.set('to', ago(until))
  return query
}

function rowOf({ time, actor, action, target, outcome, code, address, details: { repeats } }: AuditView): string[] {
  const ended = `${code === null ? outcome : `${outcome} (${code})`}${repeats === undefined ? '' : `, and ${repeats} more`}`
  return [localTime(time), nameOf(actor), action, nameOf(target), ended, address]
}

function nameOf(party: AuditParty | null): string {
  return party === null ? '-' : party.name || `${party.kind} ${party.id}`
}

function refuseToReplace({ output, force }: ExportFlags): void {
  // Of what is no file, such as a folder, the system says what is wrong with it.
  if (force || statSync(output, { throwIfNoEntry: false })?.isFile() !== true) return
  throw new CliError('file_exists', `${output} is there already. Choose another with -o, or replace it with --force.`)
}

/** Whole or not at all, and for this user only: it tells of people. Answers its length in bytes. */
async function save(answer: IncomingMessage, file: string): Promise<number> {
  const unfinished = `${file}.part`
  let bytes = 0
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      yield chunk
    }
  }
  const stop = showProgress(() => `Writing ${file}: ${sizeOf(bytes)}`)
  try {
    await pipeline(answer, counted, createWriteStream(unfinished, { mode: 0o600 }))
    await rename(unfinished, file)
    return bytes
  } catch (cause) {
    await rm(unfinished, { force: true })
    const { code = String(cause) } = cause as NodeJS.ErrnoException
    const advice = placeAdvice[code] ?? 'Try again.'
    throw new CliError('export_failed', `${file} could not be written whole (${code}). ${advice}`, { cause })
  } finally {
    stop()
  }
}

/** Where trying again would help nobody. */
const placeAdvice: Readonly<Record<string, string>> = {
  ENOENT: 'Its folder does not exist: make it, or choose another with -o.',
  ENOTDIR: 'What should be its folder is a file: choose another with -o.',
  EISDIR: 'This is a folder: name a file in it with -o.',
  EACCES: 'Its folder is not yours to write: choose another with -o.',
  EROFS: 'Its folder is not yours to write: choose another with -o.',
  ENOSPC: 'The disk is full: make room, or choose another with -o.',
}

/** On a terminal only. */
function showProgress(words: () => string): () => void {
  if (!process.stderr.isTTY) return () => {}
  const timer = setInterval(() => process.stderr.write(`\r${words()}`), 200)
  return () => {
    clearInterval(timer)
    process.stderr.write('\r\u001b[K')
  }
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
