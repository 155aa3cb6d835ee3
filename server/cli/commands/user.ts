import { Argument, Command, Option } from 'commander'
import { z } from 'zod'
import { email, password as passwordSchema, personName } from '#protocol/api.ts'
import { personRole } from '#protocol/roles.ts'
import { type PasswordLink, passwordLink, type UserView, userAnswer, userView } from '#protocol/users.ts'
import { allPages } from '../all-pages.ts'
import { type Api, openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import { localTime, localTimeOr } from '../clock.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { readStdin } from '../stdin.ts'
import { withTarget } from '../target-options.ts'

interface AddFlags extends TargetFlags {
  readonly role: string
  readonly name?: string
  readonly passwordStdin?: boolean
}

interface ResetFlags extends TargetFlags {
  readonly passwordStdin?: boolean
}

export function userCommand(context: CliContext): Command {
  const add = new Command('add')
    .description('create an account for a person, who sets a password with the link that is printed')
    .argument('<email>')
    .addOption(new Option('--role <role>', 'what the person may do').choices(personRole.options).default('viewer'))
    .option('--name <name>', 'how the person is called (the part before the @)')
    .option('--password-stdin', 'set the password on standard input instead')
    .addHelpText('after', '\nExample:\n  carillon user add ada@example.org --role operator')
    .action(async (address: string, flags: AddFlags) => {
      const checked = email.safeParse(address)
      if (!checked.success) throw usageError('bad_email', checked.error.issues[0]?.message ?? 'Give an e-mail address.')
      const named = personName.optional().safeParse(flags.name)
      if (!named.success) throw usageError('bad_name', named.error.issues[0]?.message ?? 'Give another name.')
      const password = flags.passwordStdin ? await readPassword() : undefined
      await using api = await openApi(context, flags, { offline: true })
      const body = {
        email: address,
        role: flags.role,
        ...(password && { password }),
        ...(flags.name && { name: flags.name }),
      }
      const user = await api.call('POST', '/api/v1/users', userAnswer, body)
      const how = user.passwordLink === null ? '' : `\n${linkSentence(user.email, user.passwordLink)}`
      print(flags.json, user, `Created ${user.email} (${user.role}).${how}`)
    })

  const list = new Command('list').description('show the accounts').action(async (flags: TargetFlags) => {
    await using api = await openApi(context, flags, { offline: true })
    const items = await allPages(api, '/api/v1/users', userView)
    const rows = items.map((user) => [
      ...[user.email, user.name, user.role, stateOf(user)],
      localTimeOr(user.lastSignInAt, 'never'),
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
      const before = await userOf(api, address)
      const user = await api.call('PATCH', pathOf(before), userView, { role })
      print(flags.json, user, `${user.email} is now ${user.role}.`)
    })

  const remove = new Command('remove')
    .description('remove an account with its sessions and keys')
    .argument('<email>')
    .action(async (address: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      const user = await userOf(api, address)
      await api.call('DELETE', pathOf(user), z.object({}))
      print(flags.json, { id: user.id, removed: true }, `Removed ${user.email}.`)
    })

  const resetPassword = new Command('reset-password')
    .description('sign a person out everywhere and print a link that sets a new password, once, within a day')
    .argument('<email>')
    .option('--password-stdin', 'set the password on standard input instead')
    .action(async (address: string, flags: ResetFlags) => {
      const password = flags.passwordStdin ? await readPassword() : null
      await using api = await openApi(context, flags, { offline: true })
      const user = await userOf(api, address)
      if (password === null) {
        const answer = await api.call('POST', `${pathOf(user)}/reset-password`, passwordLink)
        return print(flags.json, { ...user, passwordLink: answer }, linkSentence(user.email, answer))
      }
      await api.call('PUT', `${pathOf(user)}/password`, z.object({}), { password })
      print(flags.json, user, `The password of ${user.email} is set, and all sessions have ended.`)
    })

  const resetFactor = new Command('reset-2fa')
    .description('take away the authenticator app, back-up codes and passkeys of a person who has lost them')
    .argument('<email>')
    .action(async (address: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      const user = await userOf(api, address)
      await api.call('POST', `${pathOf(user)}/reset-second-factor`, z.object({}))
      print(flags.json, { ...user, secondFactor: 'none' }, `${user.email} has no second factor any more.`)
    })

  const unlock = new Command('unlock')
    .description('let passwords of a person be tried again at once, after too many wrong ones')
    .argument('<email>')
    .action(async (address: string, flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: false })
      const user = await userOf(api, address)
      await api.call('POST', `${pathOf(user)}/unlock`, z.object({}))
      const words =
        user.lockedUntil === null
          ? `${user.email} was not locked. Earlier wrong passwords no longer count.`
          : `Unlocked ${user.email}.`
      print(flags.json, { ...user, lockedUntil: null }, words)
    })

  const command = new Command('user')
    .description('accounts of people')
    .addHelpText(
      'after',
      '\nExamples:\n  carillon user add ada@example.org --role operator\n  carillon user set-role ada@example.org admin\n  carillon user reset-password ada@example.org',
    )
  const all = [add, list, setRole, disable, enable, remove, resetPassword, resetFactor, unlock]
  for (const each of all) command.addCommand(withTarget(each))
  return command

  async function setDisabled(address: string, flags: TargetFlags, disabled: boolean): Promise<void> {
    await using api = await openApi(context, flags, { offline: true })
    const user = await userOf(api, address)
    const action = disabled ? 'disable' : 'enable'
    await api.call('POST', `${pathOf(user)}/${action}`, z.object({}))
    print(flags.json, { ...user, disabled }, disabled ? `Disabled ${user.email}.` : `Enabled ${user.email}.`)
  }
}

async function readPassword(): Promise<string> {
  const password = await readStdin()
  const checked = passwordSchema.safeParse(password)
  if (checked.success) return password
  throw usageError('weak_password', checked.error.issues[0]?.message ?? 'Choose another password.')
}

async function userOf(api: Api, address: string): Promise<UserView> {
  const wanted = address.trim().toLowerCase()
  const items = await allPages(api, `/api/v1/users?query=${encodeURIComponent(wanted.slice(0, 120))}`, userView)
  const user = items.find((each) => each.email === wanted)
  if (user !== undefined) return user
  throw new CliError('not_found', `There is no account ${address}. "carillon user list" shows which there are.`)
}

function pathOf({ id }: UserView): string {
  return `/api/v1/users/${encodeURIComponent(id)}`
}

function linkSentence(email: string, { link, expiresAt }: PasswordLink): string {
  return `Hand this link to ${email}. It sets the password, once, until ${localTime(expiresAt)}:\n${link}`
}

function stateOf({ disabled, lockedUntil }: UserView): string {
  if (disabled) return 'disabled'
  return lockedUntil === null ? 'active' : `locked until ${localTime(lockedUntil)}`
}
