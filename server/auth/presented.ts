/** The token of an `Authorization: Bearer` header; null without one. */
export function bearerIn(headers: Headers | undefined): string | null {
  return /^bearer +(\S+) *$/i.exec(headers?.get('authorization') ?? '')?.[1] ?? null
}

/** An API key, in the header that is ours or as older libraries of Centrifugo send it; null without one. */
export function keyIn(headers: Headers): string | null {
  return headers.get('x-api-key') ?? /^apikey +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null
}
