import { Command } from 'commander'
import { me, serverInfo, tokenAnswer } from '#protocol/api.ts'
import { credentialHeaders, exchange, originOf } from '../api.ts'
import { CliError } from '../cli-error.ts'
import type { CliContext } from '../context.ts'
import { storeCredential } from '../keychain.ts'
import { print, visible } from '../output.ts'
import { ask, readStdin } from '../stdin.ts'

interface LoginFlags {
  readonly url?: string
  readonly email?: string
  readonly passwordStdin?: boolean
  readonly code?: string
  readonly keyStdin?: boolean
  readonly json?: boolean
}

export function loginCommand(context: CliContext): Command {
  return new Command('login')
    .description('keep what opens a server in the keychain of this machine')
    .option('--url <url>', 'address of the server (http://127.0.0.1:8750)')
    .option('--email <email>', 'sign in as this person')
    .option('--password-stdin', 'read the password from standard input')
    .option('--code <code>', 'of an authenticator app, or a back-up code, where the account has a second factor')
    .option('--key-stdin', 'keep the API key on standard input instead of signing in')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  carillon login --url https://carillon.example.org --email ada@example.org')
    .action(async (flags: LoginFlags) => {
      const origin = originOf(flags.url ?? context.env.CARILLON_URL ?? 'http://127.0.0.1:8750')
      await exchange({ origin }, {}, 'GET', '/.well-known/carillon', serverInfo)
      const credential = flags.keyStdin ? await readStdin() : await signIn(origin, flags)
      const account = await exchange({ origin }, credentialHeaders(credential), 'GET', '/api/v1/me', me)
      await storeCredential(origin, credential)
      print(
        flags.json,
        { url: origin, account },
        `Signed in to ${origin} as ${visible(account.name)} (${account.role}).`,
      )
    })
}

async function signIn(origin: string, flags: LoginFlags): Promise<string> {
  const email = flags.email ?? (await ask('E-mail: '))
  const password = flags.passwordStdin ? await readStdin() : await ask('Password: ', { hidden: true })
  const attempt = async (code: string | undefined) =>
    (await exchange({ origin }, {}, 'POST', '/api/v1/token', tokenAnswer, { email, password, ...(code && { code }) }))
      .token
  return attempt(flags.code).catch(async (error: unknown) => {
    if (!(error instanceof CliError) || error.code !== 'code_required' || !process.stdin.isTTY) throw error
    return attempt(await ask('Code: '))
  })
}
