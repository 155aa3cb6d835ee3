import { Argument, Command, Option } from 'commander'
import { z } from 'zod'
import { email, password as passwordSchema, personName, type UserView, userView } from '#protocol/api.ts'
import { personRole } from '#protocol/roles.ts'
import { allPages } from '../all-pages.ts'
import { type Api, openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { ask, readStdin } from '../stdin.ts'
import { withTarget } from '../target-options.ts'

interface AddFlags extends TargetFlags {
  readonly role: string
  readonly name?: string
  readonly passwordStdin?: boolean
}

export function userCommand(context: CliContext): Command {
  const add = new Command('add')
    .description('create an account for a person')
    .argument('<email>')
    .addOption(new Option('--role <role>', 'what the person may do').choices(personRole.options).default('viewer'))
    .option('--name <name>', 'how the person is called (the part before the @)')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText(
      'after',
      '\nExample:\n  echo "$PASSWORD" | carillon user add ada@example.org --role operator --password-stdin',
    )
    .action(async (address: string, flags: AddFlags) => {
      const checked = email.safeParse(address)
      if (!checked.success) throw usageError('bad_email', checked.error.issues[0]?.message ?? 'Give an e-mail address.')
      const named = personName.optional().safeParse(flags.name)
      if (!named.success) throw usageError('bad_name', named.error.issues[0]?.message ?? 'Give another name.')
      const password = flags.passwordStdin ? await readStdin() : await ask('Password: ', { hidden: true })
      const strong = passwordSchema.safeParse(password)
      if (!strong.success)
        throw usageError('weak_password', strong.error.issues[0]?.message ?? 'Choose another password.')
      await using api = await openApi(context, flags, { offline: true })
      const body = { email: address, role: flags.role, password, ...(flags.name ? { name: flags.name } : {}) }
      const user = await api.call('POST', '/api/v1/users', userView, body)
      print(flags.json, user, `Created ${user.email} (${user.role}).`)
    })

  const list = new Command('list').description('show the accounts').action(async (flags: TargetFlags) => {
    await using api = await openApi(context, flags, { offline: true })
    const items = await allPages(api, '/api/v1/users', userView)
    const rows = items.map((user) => [
      ...[user.email, user.name, user.role, user.disabled ? 'disabled' : 'active'],
      user.lastSignInAt ?? 'never',
    ])
    print(
      flags.json,
      items,
      rows.length === 0
        ? 'There are no accounts yet.'
        : table(['E-MAIL', 'NAME', 'ROLE', 'STATE', 'LAST SIGN-IN'], rows),
    )
  })

  const disable = new Command('disable')
    .description('sign a person out everywhere and keep them out')
    .argument('<email>')
    .action((address: string, flags: TargetFlags) => setDisabled(address, flags, true))

  const enable = new Command('enable')
    .description('let a person who was disabled sign in again')
    .argument('<email>')
    .action((address: string, flags: TargetFlags) => setDisabled(address, flags, false))

  const setRole = new Command('set-role')
    .description('change what a person may do, at once')
    .argument('<email>')
    .addArgument(new Argument('<role>').choices(personRole.options))
    .action(async (address: string, role: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      const { id } = await find(api, address)
      const user = await api.call('PATCH', `/api/v1/users/${encodeURIComponent(id)}`, userView, { role })
      print(flags.json, user, `${user.email} is now ${user.role}.`)
    })

  const remove = new Command('remove')
    .description('remove an account with its sessions and keys')
    .argument('<email>')
    .action(async (address: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      const user = await find(api, address)
      await api.call('DELETE', `/api/v1/users/${encodeURIComponent(user.id)}`, z.object({}))
      print(flags.json, { id: user.id, removed: true }, `Removed ${user.email}.`)
    })

  const command = new Command('user').description('accounts of people')
  for (const each of [add, list, disable, enable, setRole, remove]) command.addCommand(withTarget(each))
  return command

  async function setDisabled(address: string, flags: TargetFlags, disabled: boolean): Promise<void> {
    await using api = await openApi(context, flags, { offline: true })
    const user = await find(api, address)
    const action = disabled ? 'disable' : 'enable'
    await api.call('POST', `/api/v1/users/${encodeURIComponent(user.id)}/${action}`, z.object({}))
    print(flags.json, { ...user, disabled }, disabled ? `Disabled ${user.email}.` : `Enabled ${user.email}.`)
  }
}

async function find(api: Api, address: string): Promise<UserView> {
  const wanted = address.trim().toLowerCase()
  const items = await allPages(api, `/api/v1/users?query=${encodeURIComponent(wanted.slice(0, 120))}`, userView)
  const user = items.find((each) => each.email === wanted)
  if (user !== undefined) return user
  throw new CliError('not_found', `There is no account ${address}. "carillon user list" shows which there are.`)
}
