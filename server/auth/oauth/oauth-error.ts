/** An answer in OAuth's own form (RFC 6749, section 5.2), which clients understand better than a problem document. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_token'
  | 'unauthorized_client'

export function oauthError(error: OAuthErrorCode, sentence: string): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  if (error === 'invalid_token') headers.set('www-authenticate', 'Bearer error="invalid_token"')
  const body = JSON.stringify({ error, error_description: sentence })
  return new Response(body, { status: error === 'invalid_token' ? 401 : 400, headers })
}
