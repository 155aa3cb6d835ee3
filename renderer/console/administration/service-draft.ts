import { type OauthClientKind, type OauthClientRequest, type OauthScope, oauthClientRequest } from '#protocol/oauth.ts'
import { fieldErrors } from '../../mantine/field-errors.ts'

/** A service as its form holds it. */
export interface ServiceDraft {
  name: string
  kind: OauthClientKind
  /** One to a line. */
  addresses: string
  scopes: OauthScope[]
}

/** Whether people come back to it from signing in. */
export function needsAddresses(kind: OauthClientKind): boolean {
  return kind === 'web' || kind === 'native'
}

export function serviceOf({ name, kind, addresses, scopes }: ServiceDraft): OauthClientRequest {
  const lines = addresses.split('\n').map((line) => line.trim())
  return {
    name: name.trim(),
    kind,
    redirectUris: needsAddresses(kind) ? lines.filter((line) => line !== '') : [],
    scopes,
  }
}

/** What is wrong, by field of the form. */
export function serviceErrors(draft: ServiceDraft): Record<string, string> {
  const service = serviceOf(draft)
  const { name, scopes, ...others } = fieldErrors(oauthClientRequest, service)
  const wrongAddress = Object.entries(others).find(([path]) => path.startsWith('redirectUris'))
  const addresses =
    wrongAddress === undefined
      ? needsAddresses(draft.kind) && service.redirectUris.length === 0
        ? 'Give at least one address.'
        : undefined
      : addressSentence(wrongAddress, service)
  return {
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scopes }),
    ...(addresses !== undefined && { addresses }),
  }
}

/** Says which of the lines is meant. */
function addressSentence([path, sentence]: readonly [string, string], { redirectUris }: OauthClientRequest): string {
  const index = Number(path.split('.')[1])
  return Number.isNaN(index) ? sentence : `${redirectUris[index]}: ${sentence}`
}
