import { Command, Option } from 'commander'
import { z } from 'zod'
import { email, page, password as passwordSchema, personName, userView } from '#protocol/api.ts'
import { personRole } from '#protocol/roles.ts'
import { openApi } from '../api.ts'
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
    const { items } = await api.call('GET', '/api/v1/users', page(userView))
    const rows = items.map((user) => [user.email, user.name, user.role, user.disabled ? 'disabled' : 'active'])
    print(
      flags.json,
      items,
      rows.length === 0 ? 'There are no accounts yet.' : table(['E-MAIL', 'NAME', 'ROLE', 'STATE'], rows),
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

  const command = new Command('user').description('accounts of people')
  for (const each of [add, list, disable, enable]) command.addCommand(withTarget(each))
  return command

  async function setDisabled(address: string, flags: TargetFlags, disabled: boolean): Promise<void> {
    await using api = await openApi(context, flags, { offline: true })
    const { items } = await api.call('GET', '/api/v1/users', page(userView))
    const user = items.find((each) => each.email === address.trim().toLowerCase())
    if (user === undefined) {
      throw new CliError('not_found', `There is no account ${address}. "carillon user list" shows which there are.`)
    }
    const action = disabled ? 'disable' : 'enable'
    await api.call('POST', `/api/v1/users/${encodeURIComponent(user.id)}/${action}`, z.object({}))
    print(flags.json, { ...user, disabled }, disabled ? `Disabled ${user.email}.` : `Enabled ${user.email}.`)
  }
}
