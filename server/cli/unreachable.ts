import { CliError } from './cli-error.ts'

/** What to tell of a request that never got to an answer. */
export function unreachable(name: string, cause: Error): CliError {
  const code = (cause as NodeJS.ErrnoException).code ?? cause.message
  return new CliError('server_unreachable', tlsSentence(name, code) ?? plainSentence(name, code), { cause })
}

function plainSentence(name: string, code: string): string {
  return `${name} does not answer (${code}). Is the server running, and the address right?`
}

function tlsSentence(name: string, code: string): string | null {
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return `${name} does not speak TLS. If it is meant to, its operator starts it with --tls; if not, write http:// before the address.`
  }
  if (code === 'CERT_HAS_EXPIRED') return `The certificate of ${name} has expired. Ask its operator to renew it.`
  if (code === 'CERT_NOT_YET_VALID')
    return `The certificate of ${name} is not valid yet. Is the clock of this machine right?`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of ${name} is for another name. Check the address.`
  }
  if (/CERT|SIGNATURE|ISSUER|SELF_SIGNED/.test(code)) {
    return `The certificate of ${name} is not trusted on this machine (${code}). If it is the right server, put the path of its certificate into NODE_EXTRA_CA_CERTS.`
  }
  return null
}
