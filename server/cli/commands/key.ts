import { Command } from 'commander'
import { z } from 'zod'
import { keyAnswer, keyRequest, keyView, usualKeyDays } from '#protocol/keys.ts'
import { keyScopes } from '#protocol/roles.ts'
import { allPages } from '../all-pages.ts'
import { openApi } from '../api.ts'
import { usageError } from '../cli-error.ts'
import { localTime, localTimeOr } from '../clock.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { spanMs } from '../span.ts'
import { withTarget } from '../target-options.ts'

export function keyCommand(context: CliContext): Command {
  const create = new Command('create')
    .description('create an API key for a service; it is shown once')
    .argument('<name>', 'what will use the key')
    .requiredOption('--scope <scopes>', `what it may do, separated by commas: ${keyScopes.join(', ')}`)
    .option('--expires <span>', 'after which time it stops working: 30d, 12h, never', `${usualKeyDays}d`)
    .addHelpText('after', '\nExample:\n  carillon key create door-bell --scope publish --expires 365d')
    .action(async (name: string, flags: TargetFlags & { readonly scope: string; readonly expires: string }) => {
      const named = keyRequest.shape.name.safeParse(name)
      if (!named.success) throw usageError('bad_name', named.error.issues[0]?.message ?? 'Give another name.')
      const scopes = keyRequest.shape.scopes.safeParse(flags.scope.split(',').map((scope) => scope.trim()))
      if (!scopes.success) throw usageError('bad_scope', scopes.error.issues[0]?.message ?? 'Give another scope.')
      const expiresAt = flags.expires === 'never' ? null : fromNow(spanMs(flags.expires))
      await using api = await openApi(context, flags, { offline: true })
      const body = { name: named.data, scopes: scopes.data, ...(expiresAt !== null && { expiresAt }) }
      const created = await api.call('POST', '/api/v1/keys', keyAnswer, body)
      const until = created.expiresAt === null ? 'until it is revoked' : `until ${localTime(created.expiresAt)}`
      print(flags.json, created, `${created.key}\nKeep it now: it is not shown again. It works ${until}.`)
    })

  const list = new Command('list').description('show the keys').action(async (flags: TargetFlags) => {
    await using api = await openApi(context, flags, { offline: true })
    const items = await allPages(api, '/api/v1/keys', keyView)
    const rows = items.map((key) => [
      ...[key.id, key.name, `${key.start}…`, key.scopes.join(','), key.owner.name],
      ...[localTimeOr(key.expiresAt, 'never'), localTimeOr(key.lastUsedAt, 'never')],
    ])
    print(
      flags.json,
      items,
      rows.length === 0
        ? 'There are no keys yet.'
        : table(['ID', 'NAME', 'KEY', 'SCOPES', 'OWNER', 'EXPIRES', 'LAST USED'], rows),
    )
  })

  const revoke = new Command('revoke')
    .description('end a key at once')
    .argument('<id>')
    .action(async (id: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      await api.call('DELETE', `/api/v1/keys/${encodeURIComponent(id)}`, z.object({}))
      print(flags.json, { id, revoked: true }, `Revoked ${id}.`)
    })

  const command = new Command('key')
    .description('API keys of services')
    .addHelpText('after', '\nExamples:\n  carillon key create door-bell --scope publish\n  carillon key list')
  for (const each of [create, list, revoke]) command.addCommand(withTarget(each))
  return command
}

function fromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}
