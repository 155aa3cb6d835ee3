import { bearer, password, type ServerProcess } from './server-process.ts'

/** Somebody at a browser, as far as OAuth sees one: it keeps cookies, follows redirects by hand, and answers the pages. */
export interface OAuthBrowser {
  /** Goes there; answers where it is sent. */
  go(url: string | URL, headers?: Readonly<Record<string, string>>): Promise<{ status: number; location: URL | null }>
  signIn(email: string): Promise<void>
  /** What a page of the console asks. */
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Record<string, unknown> }>
  /** All the way from the service's address to where it is sent back: signs in, consents or not. */
  authorize(url: URL, email: string, accept?: boolean): Promise<URL>
}

export function openBrowser({ url: base }: Pick<ServerProcess, 'url'>): OAuthBrowser {
  const jar = new Map<string, string>()

  async function send(url: string | URL, init: RequestInit): Promise<Response> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      ...init,
      headers: { ...(init.headers as Record<string, string>), ...(cookie !== '' && { cookie }) },
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  const browser: OAuthBrowser = {
    async go(url, headers = {}) {
      const response = await send(url, { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', ...headers } })
      await response.arrayBuffer()
      const location = response.headers.get('location')
      return { status: response.status, location: location === null ? null : new URL(location, base) }
    },
    async api(method, path, body, headers = {}) {
      const response = await send(`${base}${path}`, {
        method,
        headers: { origin: base, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
    },
    async signIn(email) {
      const { status } = await browser.api('POST', '/api/v1/sign-in', { email, password })
      if (status !== 204) throw new Error(`signing in as ${email} answered ${status}`)
    },
    async authorize(url, email, accept = true) {
      let { location } = await browser.go(url)
      if (location?.pathname === '/sign-in') {
        await browser.signIn(email)
        location = (await browser.go(`${base}/api/auth/oauth2/authorize${location.search}`)).location
      }
      if (location?.pathname === '/oauth/consent') {
        const { body } = await browser.api('POST', '/api/v1/oauth/consent', { query: location.search, accept })
        location = URL.canParse(String(body.url)) ? new URL(String(body.url)) : null
      }
      if (location === null) throw new Error(`${url} led nowhere`)
      return location
    },
  }
  return browser
}

/** Registers a client, as an administrator does. */
export async function registerClient(
  server: ServerProcess,
  adminToken: string,
  request: { name?: string; kind: string; redirectUris?: string[]; scopes: string[] },
): Promise<{ id: string; secret: string | null }> {
  const body = { name: 'Dashboards', redirectUris: [], ...request }
  const { status, body: answer } = await server.api('POST', '/api/v1/oauth/clients', {
    body,
    headers: bearer(adminToken),
  })
  if (status !== 201) throw new Error(`registering a client answered ${status}: ${JSON.stringify(answer)}`)
  return answer as { id: string; secret: string | null }
}
