/** Put in the place of a secret. */
export const masked = '[masked]'

/** What secrets are called, at the end of a name. */
export const secretNames =
  'token|jwt|secret|passw(?:or)?d|passphrase|psk|pin|digits|credential|authorization|cookie|ticket|hash|salt|api-?key|user_?code|device_?code'

const ownName = new RegExp(`(?:^|[_.-])(?:${secretNames})$`, 'i')
const joinedName = /[a-z](?:Token|Secret|Password|Pin|Key|Code|Hash)$/

export function isSecretName(name: string): boolean {
  return ownName.test(name) || joinedName.test(name)
}

/** What looks like one of ours or of others, whatever it is called. */
export const secretShapes: readonly RegExp[] = [
  /\beyJ[\w-]+(?:\.[\w-]*)*/gi,
  /\bcarillon_\w+/gi,
  // What is as long as a key and no word: ids of ours, which are no secrets, have dashes in known places.
  /(?<![\w-])(?![\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?![\w-]))[\w-]{32,}/gi,
]

/** Names of parameters of addresses that would be words of no secret elsewhere. */
const addressNames =
  /^code$|(?:^|[_.-])(?:key|sig|signature|auth|pass|pwd|otp|sid|session)$|(?:token|secret|password|apikey|signature)$/i

/**
 * The address of a page without what lets somebody in: who signs in with what, and the values of parameters, after `?` or
 * `#`, that are called like a secret or look like one. The rest stays as it was written.
 */
export function maskAddress(address: string): string {
  return address
    .replace(/^([a-z][a-z\d+.-]*:[\\/]*)[^\\/?#]*@/i, `$1${masked}@`)
    .replace(/([?&#])([^?&#=]*)=([^&#]*)/g, (pair, mark: string, name: string, value: string) =>
      isSecretParameter(plain(name), plain(value)) ? `${mark}${name}=${masked}` : pair,
    )
}

function isSecretParameter(name: string, value: string): boolean {
  if (value === '' || /^(?:true|false)$/i.test(value)) return false
  if (isSecretName(name) || addressNames.test(name)) return true
  // Or an address within the address.
  return secretShapes.some((shape) => value.search(shape) >= 0) || maskAddress(value) !== value
}

/** As whoever reads the address does: what is encoded wrongly stays. */
function plain(encoded: string): string {
  return new URLSearchParams(`_=${encoded}`).get('_') ?? ''
}
