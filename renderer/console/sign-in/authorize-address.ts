/**
 * Where a sign-in goes on that another service asked for. The query of the sign-in page is the service's own, signed by the
 * server, and goes back as it came: by its signature the server knows that somebody has signed in since. Null for a
 * query that the server did not write.
 */
export function authorizeAddress(query: URLSearchParams): string | null {
  return query.has('client_id') && query.has('sig') ? `/api/auth/oauth2/authorize?${query}` : null
}
