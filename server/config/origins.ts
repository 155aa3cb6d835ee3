/**
 * The origins whose pages are the server's own. Browsers tell `localhost` from `127.0.0.1`; people do not, and nobody
 * else can be at either, so a loopback address stands for all its spellings.
 */
export function ownOrigins(baseUrl: string): readonly string[] {
  const names = ['localhost', '127.0.0.1', '[::1]']
  const { protocol, hostname, port, origin } = new URL(baseUrl)
  if (!names.includes(hostname)) return [origin]
  return names.map((name) => `${protocol}//${name}${port === '' ? '' : `:${port}`}`)
}
