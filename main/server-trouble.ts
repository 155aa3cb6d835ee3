import { ServerError } from './server-error.ts'

/** What people are told of a server that gives no answer of Carillon's. */

export function redirected(response: Response, origin: string): ServerError {
  const location = response.headers.get('location') ?? ''
  const target = URL.canParse(location, origin) ? new URL(location, origin).origin : origin
  return target === origin
    ? notCarillon(origin, 'it sends visitors to another page')
    : new ServerError('not_carillon', `${origin} sends visitors to ${target}: give that address if you trust it.`)
}

export function notCarillon(origin: string, because: string): ServerError {
  return new ServerError(
    'not_carillon',
    `${origin} is not a Carillon server: ${because}. Check the address and the port.`,
  )
}

/** What to tell of an exchange that never got to an answer. */
export function unreachable(error: unknown, origin: string, timedOutAfter: number | null): ServerError {
  const options = { cause: error }
  if (timedOutAfter !== null) {
    const seconds = Math.max(1, Math.round(timedOutAfter / 1000))
    return new ServerError('server_unreachable', `${origin} did not answer within ${seconds} s.`, options)
  }
  const code = systemCode(error)
  const { host, hostname } = new URL(origin)
  const sentences: Readonly<Record<string, string>> = {
    ECONNREFUSED: `Nothing listens at ${host}. Check the address and that the server is running.`,
    ENOTFOUND: `There is no machine called ${hostname}. Check the address.`,
    EAI_AGAIN: `The name ${hostname} cannot be looked up now. Check this machine's network.`,
    ENETUNREACH: `${host} cannot be reached from here. Check this machine's network.`,
    EHOSTUNREACH: `${host} cannot be reached from here. Check this machine's network.`,
    HTTPParserError: `What listens at ${host} does not speak HTTP. Check the port, or write https:// before the address.`,
  }
  const sentence = sentences[code] ?? tlsSentence(code, host) ?? `${host} broke off the connection (${code}).`
  return new ServerError('server_unreachable', sentence, options)
}

function tlsSentence(code: string, host: string): string | null {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || code === 'EPROTO') {
    return `${host} does not speak TLS. If that is right on your network, write http:// before the address.`
  }
  if (code === 'CERT_HAS_EXPIRED') return `The certificate of ${host} has expired. Ask its operator to renew it.`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of ${host} is for another name. Check the address.`
  }
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code)) {
    return `The certificate of ${host} is not trusted on this machine (${code}). Ask its operator for one that is.`
  }
  return null
}

/** The code of the system error at the bottom of what `fetch` threw; a parser's error has only a name. */
function systemCode(error: unknown): string {
  let at: unknown = error
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0]
    if (at instanceof Error && 'code' in at && typeof at.code === 'string') return at.code
    if (at instanceof Error && at.name === 'HTTPParserError') return at.name
    if (at instanceof Error) at = at.cause
  }
  return 'no reason given'
}
