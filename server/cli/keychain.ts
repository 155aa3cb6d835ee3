import { CliError } from './cli-error.ts'

/** How long the keychain may take to answer, in milliseconds: it may ask the person to unlock it. */
const patienceMs = 60_000

/** What `carillon login` kept for this server; null when nothing is kept or there is no keychain. */
export async function storedCredential(origin: string): Promise<string | null> {
  try {
    const entry = await open(origin)
    return (await entry.getPassword(AbortSignal.timeout(patienceMs))) ?? null
  } catch {
    // Without a keychain there is nothing stored; the caller says how to give a key otherwise.
    return null
  }
}

/** @throws CliError `keychain_unavailable` */
export async function storeCredential(origin: string, credential: string): Promise<void> {
  try {
    const entry = await open(origin)
    await entry.setPassword(credential, AbortSignal.timeout(patienceMs))
  } catch (cause) {
    const sentence =
      'There is no keychain to keep the credential in. Unlock or install one (gnome-keyring, KWallet), or give the key in CARILLON_KEY each time.'
    throw new CliError('keychain_unavailable', sentence, { cause })
  }
}

/** Whether a keychain answers here. */
export async function hasKeychain(): Promise<boolean> {
  try {
    const entry = await open('nobody')
    await entry.getPassword(AbortSignal.timeout(patienceMs))
    return true
  } catch {
    return false
  }
}

/** The Secret Service by name: without it the package would fall back to a store that a restart empties. */
async function open(origin: string) {
  const { AsyncEntry } = await import('keytar')
  return new AsyncEntry('carillon', `cli ${origin}`, { linux: { store: 'secret-service' } })
}
