import {
  type AuthenticationResponseJSON,
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
  WebAuthnError,
} from '@simplewebauthn/browser'
import type { PasskeyApi } from './account/passkey-api.ts'
import { ApiError } from './api-error.ts'

/**
 * Whether this browser can use passkeys at this address: they belong to a name, and only to pages that came over TLS or
 * from this computer.
 */
export function canUsePasskeys(): boolean {
  return window.isSecureContext && !isAddress(window.location.hostname) && browserSupportsWebAuthn()
}

/** An IP address, which no passkey can belong to. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname)
}

/** This computer, by a number; by the name `localhost` it can have passkeys. */
export function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}

/** Asks for a passkey in a window of the browser's own. Answers whether one was given. */
export async function signInWithPasskey(api: PasskeyApi): Promise<boolean> {
  const optionsJSON = await api.signInOptions()
  return present(api, await startAuthentication({ optionsJSON }).catch(refusedByBrowser))
}

/**
 * Lets the browser offer passkeys where it offers e-mail addresses, until one is chosen or `abandonPasskey` is called.
 * Where that cannot be, nothing is said: nobody has asked for it.
 */
export async function signInWithOfferedPasskey(api: PasskeyApi): Promise<boolean> {
  if (!(await browserSupportsWebAuthnAutofill())) return false
  const optionsJSON = await api.signInOptions().catch(() => null)
  if (optionsJSON === null) return false
  return present(api, await startAuthentication({ optionsJSON, useBrowserAutofill: true }).catch(() => null))
}

async function present(api: PasskeyApi, response: AuthenticationResponseJSON | null): Promise<boolean> {
  if (response === null) return false
  await api.signIn(response).catch((error: unknown) => {
    throw error instanceof ApiError && error.is('wrong_credentials') ? notAccepted(error) : error
  })
  return true
}

/** The title that goes with the code speaks of a password. */
function notAccepted(cause: ApiError): ApiError {
  return new ApiError(
    { code: 'passkey_refused', title: 'The passkey was not accepted', detail: cause.message },
    { cause },
  )
}

/** Ends what the browser is asking. */
export function abandonPasskey(): void {
  WebAuthnAbortService.cancelCeremony()
}

/** Makes a passkey in a window of the browser's own. Answers whether one was made. */
export async function createPasskey(api: PasskeyApi, name: string): Promise<boolean> {
  const optionsJSON = await api.creationOptions(name)
  const response = await startRegistration({ optionsJSON }).catch(refusedByBrowser)
  if (response === null) return false
  await api.create(response, name)
  return true
}

/** Null where somebody only changed their mind; browsers do not tell that from taking too long. */
function refusedByBrowser(error: unknown): null {
  if (error instanceof Error && (error.name === 'NotAllowedError' || error.name === 'AbortError')) return null
  const code = error instanceof WebAuthnError ? error.code : null
  const detail =
    code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED'
      ? 'This device has a passkey for your account already. Use another device, or remove the one it has.'
      : 'The browser or the device refused. Try again, or use another browser or device.'
  throw new ApiError({ code: 'passkey_refused', title: 'No passkey', detail }, { cause: error })
}
