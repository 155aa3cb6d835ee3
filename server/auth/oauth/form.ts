import { oauthError } from './oauth-error.ts'

/** What a client sent to one of its endpoints. */
export interface ClientForm {
  readonly fields: URLSearchParams
  /** The header that says who it is, if it said so there or with a secret. */
  readonly authorization: string | null
  /** Whether the secret came in the body. */
  readonly isPosted: boolean
  readonly clientId: string | null
}

/** Sends a form on to better-auth as if the client had sent it there. */
export type Forward = (path: string, form: ClientForm, address: string) => Promise<Response>

/**
 * Reads a form, or answers why it is none. A secret in the body is moved to the header: a client may use either, and is
 * registered for one.
 */
export async function readForm(request: Request): Promise<ClientForm | Response> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    return oauthError('invalid_request', 'Send a form: content-type application/x-www-form-urlencoded.')
  }
  const fields = new URLSearchParams(await request.text())
  const names = [...fields.keys()]
  if (new Set(names).size < names.length) return oauthError('invalid_request', 'Send each parameter once.')
  const given = request.headers.get('authorization')
  const [id, secret] = [fields.get('client_id'), fields.get('client_secret')]
  if (given !== null || !id || !secret) {
    return { fields, authorization: given, isPosted: false, clientId: clientOf(given) ?? id }
  }
  fields.delete('client_secret')
  return { fields, authorization: basic(id, secret), isPosted: true, clientId: id }
}

function basic(id: string, secret: string): string {
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function clientOf(authorization: string | null): string | null {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const id = Buffer.from(encoded, 'base64').toString().split(':')[0] ?? ''
  return safelyDecoded(id)
}

function safelyDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null // no percent-encoding, hence no id of ours
  }
}
