import { Command, Option } from 'commander'
import { z } from 'zod'
import {
  oauthClientAnswer,
  oauthClientKind,
  oauthClientRequest,
  oauthClientView,
  oauthScopes,
} from '#protocol/oauth.ts'
import { allPages } from '../all-pages.ts'
import { openApi } from '../api.ts'
import { usageError } from '../cli-error.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { withTarget } from '../target-options.ts'

interface AddFlags extends TargetFlags {
  readonly kind: string
  readonly scope: string
  readonly redirect?: readonly string[]
}

export function oauthClientCommand(context: CliContext): Command {
  const add = new Command('add')
    .description('register a service; its secret is shown once')
    .argument('<name>', 'what people know it by')
    .addOption(new Option('--kind <kind>', 'what it is').choices(oauthClientKind.options).makeOptionMandatory())
    .requiredOption('--scope <scopes>', `what it may ask for, separated by commas: ${oauthScopes.join(', ')}`)
    .option('--redirect <addresses...>', 'where browsers come back to, for web and native')
    .addHelpText(
      'after',
      '\nExamples:\n  carillon oauth-client add Dashboards --kind web --scope openid,subscribe --redirect https://dash.example.org/callback\n  carillon oauth-client add Weather --kind service --scope publish',
    )
    .action(async (name: string, flags: AddFlags) => {
      const scopes = flags.scope.split(',').map((scope) => scope.trim())
      const request = oauthClientRequest.safeParse({
        ...{ name, kind: flags.kind, scopes, redirectUris: flags.redirect ?? [] },
      })
      if (flags.redirect === undefined && (flags.kind === 'web' || flags.kind === 'native')) {
        throw usageError('bad_client', 'Give at least one address that browsers come back to, with --redirect.')
      }
      if (!request.success) throw usageError('bad_client', request.error.issues[0]?.message ?? 'Look at --help.')
      await using api = await openApi(context, flags, { offline: true })
      const created = await api.call('POST', '/api/v1/oauth/clients', oauthClientAnswer, request.data)
      const secret =
        created.secret === null ? [] : [`secret: ${created.secret}`, 'Keep the secret now: it is not shown again.']
      print(flags.json, created, [`id: ${created.id}`, ...secret].join('\n'))
    })

  const list = new Command('list').description('show the services').action(async (flags: TargetFlags) => {
    await using api = await openApi(context, flags, { offline: true })
    const items = await allPages(api, '/api/v1/oauth/clients', oauthClientView)
    const rows = items.map(({ id, name, kind, scopes, disabled }) => [
      ...[id, name, kind, scopes.join(','), disabled ? 'disabled' : 'active'],
    ])
    const text =
      rows.length === 0 ? 'There are no services yet.' : table(['ID', 'NAME', 'KIND', 'SCOPES', 'STATE'], rows)
    print(flags.json, items, text)
  })

  const remove = new Command('remove')
    .description('end a service, and all that people let it do')
    .argument('<id>')
    .action(async (id: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      await api.call('DELETE', pathOf(id), z.object({}))
      print(flags.json, { id, removed: true }, `Removed ${id}.`)
    })

  const rotate = new Command('rotate-secret')
    .description('make a new secret, shown once; the one before ends at once')
    .argument('<id>')
    .action(async (id: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      const rotated = await api.call('POST', `${pathOf(id)}/rotate-secret`, oauthClientAnswer)
      print(flags.json, rotated, `secret: ${rotated.secret}\nKeep the secret now: it is not shown again.`)
    })

  const disable = new Command('disable')
    .description('end all tokens of a service and give it no more')
    .argument('<id>')
    .action((id: string, flags: TargetFlags) => setDisabled(id, flags, true))

  const enable = new Command('enable')
    .description('let a service that was disabled ask for tokens again')
    .argument('<id>')
    .action((id: string, flags: TargetFlags) => setDisabled(id, flags, false))

  const command = new Command('oauth-client').description('services that people let in, or that sign in by themselves')
  for (const each of [add, list, rotate, disable, enable, remove]) command.addCommand(withTarget(each))
  return command

  async function setDisabled(id: string, flags: TargetFlags, disabled: boolean): Promise<void> {
    await using api = await openApi(context, flags, { offline: true })
    const client = await api.call('PATCH', pathOf(id), oauthClientView, { disabled })
    print(flags.json, client, disabled ? `Disabled ${client.name}.` : `Enabled ${client.name}.`)
  }
}

function pathOf(id: string): string {
  return `/api/v1/oauth/clients/${encodeURIComponent(id)}`
}
