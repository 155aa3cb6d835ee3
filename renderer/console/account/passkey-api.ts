import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/browser'
import { z } from 'zod'
import type { Ask } from '../ask.ts'

/** The ceremonies of WebAuthn. Every verb throws `ApiError`. */
export interface PasskeyApi {
  signInOptions(): Promise<PublicKeyCredentialRequestOptionsJSON>
  signIn(response: AuthenticationResponseJSON): Promise<void>
  creationOptions(name: string): Promise<PublicKeyCredentialCreationOptionsJSON>
  create(response: RegistrationResponseJSON, name: string): Promise<void>
  remove(id: string): Promise<void>
}

export function createPasskeyApi(ask: Ask): PasskeyApi {
  const nothing = z.unknown()
  return {
    signInOptions: () => ask('GET', `${path}/generate-authenticate-options`, requestOptions),
    signIn: async (response) => {
      await ask('POST', `${path}/verify-authentication`, nothing, { response })
    },
    creationOptions: (name) =>
      ask('GET', `${path}/generate-register-options?${new URLSearchParams({ name })}`, creationOptions),
    create: async (response, name) => {
      await ask('POST', `${path}/verify-registration`, nothing, { response, name })
    },
    remove: async (id) => {
      await ask('DELETE', `/api/v1/me/passkeys/${encodeURIComponent(id)}`, nothing)
    },
  }
}

const path = '/api/auth/passkey'

// What the browser is handed; it checks the rest by itself, and says so by refusing.
const requestOptions = z.custom<PublicKeyCredentialRequestOptionsJSON>(hasChallenge)
const creationOptions = z.custom<PublicKeyCredentialCreationOptionsJSON>(hasChallenge)

function hasChallenge(options: unknown): boolean {
  return z.object({ challenge: z.string().min(1) }).safeParse(options).success
}
