import { CliError } from './cli-error.ts'

const service = 'carillon'

/** What `carillon login` kept for this server; null when nothing is kept or there is no keychain. */
export async function storedCredential(origin: string): Promise<string | null> {
  try {
    const { getPassword } = await import('keytar/keytar.js')
    return (await getPassword(service, account(origin))) ?? null
  } catch {
    // Without a keychain there is nothing stored; the caller says how to give a key otherwise.
    return null
  }
}

/** @throws CliError `keychain_unavailable` */
export async function storeCredential(origin: string, credential: string): Promise<void> {
  try {
    const { setPassword } = await import('keytar/keytar.js')
    await setPassword(service, account(origin), credential)
  } catch (cause) {
    const sentence =
      'There is no keychain to keep the credential in. Unlock or install one (gnome-keyring, KWallet), or give the key in CARILLON_KEY each time.'
    throw new CliError('keychain_unavailable', sentence, { cause })
  }
}

const account = (origin: string) => `cli:${origin}`
