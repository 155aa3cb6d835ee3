import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize, resolve } from 'node:path'
import { build } from 'vite'
import { type Page, rendererConfig } from '../../build/vite.renderer.config.ts'
import { closeHttp } from '../support/close-http.ts'

/**
 * The strictest policy the pages must work under: nothing inline, nothing from elsewhere. A page that breaks it shows
 * up as a violation in its test.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface BuiltPage extends AsyncDisposable {
  /** `index.html` and what it loads. */
  readonly folder: string
  /** Where it is served. */
  readonly url: string
}

const repository = resolve(import.meta.dirname, '../..')

/** Builds one page as it ships, but with React's own checks, whose warnings are faults too, and serves it. */
export async function buildPage(name: Page): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-page-'))
  await build({ ...rendererConfig(repository, name, folder), logLevel: 'error' })
  const server = createServer((request, response) => {
    void sendFile(folder, new URL(request.url ?? '/', 'http://localhost').pathname, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    folder,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      await closeHttp(server)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Answers with a file of the built pages, or 404. */
export async function sendFile(folder: string, path: string, response: ServerResponse): Promise<void> {
  const file = join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path))
  const type = types[extname(file)]
  const bytes = type === undefined || !file.startsWith(folder) ? null : await readFile(file).catch(() => null)
  if (bytes === null || type === undefined) {
    response.writeHead(404).end()
    return
  }
  const headers = {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy,
    // A browser compiles a script once for all the tests that it serves at one address.
    'cache-control': path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store',
  }
  response.writeHead(200, headers).end(bytes)
}
