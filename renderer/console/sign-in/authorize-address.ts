/**
 * Where a sign-in goes on that another service asked for: the query of the sign-in page is the service's own, signed by
 * the server, and goes back to where it came from. Null for a query that no service sent.
 *
 * What was asked of this page is done and left out, or it would be asked again for ever.
 */
export function authorizeAddress(query: URLSearchParams): string | null {
  if (!query.has('client_id') || !query.has('sig')) return null
  const request = new URLSearchParams(query)
  for (const name of ['sig', 'exp', 'ba_iat', 'ba_pl', 'ba_param', 'max_age']) request.delete(name)
  const prompts = (query.get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '' && prompt !== 'login')
  if (prompts.length === 0) request.delete('prompt')
  else request.set('prompt', prompts.join(' '))
  return `/api/auth/oauth2/authorize?${request}`
}
