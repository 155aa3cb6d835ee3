/** Whether a page of this address may be shown: its origin is one of these. */
export function isAllowedPage(address: string, origins: Iterable<string>): boolean {
  const origin = webOriginOf(address)
  return origin !== null && [...origins].includes(origin)
}

/** `https://signs.example.org` of an address of the web; null of everything else. */
export function webOriginOf(address: string): string | null {
  if (!URL.canParse(address)) return null
  const { protocol, origin } = new URL(address)
  return protocol === 'https:' || protocol === 'http:' ? origin : null
}

/**
 * Whether the content's session lets a request pass. Documents come from allowed origins only; what they are made of
 * (pictures, scripts, fonts) may come from anywhere on the web, and from nowhere else: no file, no page of ours.
 */
export function isAllowedRequest(
  { url, resourceType }: { readonly url: string; readonly resourceType: string },
  origins: Iterable<string>,
): boolean {
  const scheme = URL.canParse(url) ? new URL(url).protocol : ''
  const isDocument = resourceType === 'mainFrame' || resourceType === 'subFrame'
  if (scheme === 'http:' || scheme === 'https:') return !isDocument || isAllowedPage(url, origins)
  if (scheme === 'ws:' || scheme === 'wss:') return !isDocument
  return (scheme === 'data:' || scheme === 'blob:') && resourceType !== 'mainFrame'
}
