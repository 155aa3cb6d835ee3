import { readFile } from 'node:fs/promises'
import { protocol } from 'electron'
import { contentSecurityPolicy, contentType, pageFile } from './page-files.ts'

/** Call before the app is ready: makes `app://` a scheme with an origin of its own, like https. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } },
  ])
}

/** Serves our own pages out of this folder, and nothing else. */
export function serveApp(folder: string): void {
  protocol.handle('app', async (request) => {
    const file = request.method === 'GET' ? pageFile(folder, request.url) : null
    const content = file === null ? null : await readFile(file).catch(() => null)
    if (file === null || content === null) return new Response('Not found', { status: 404, headers: safe })
    return new Response(content, { headers: { ...safe, 'content-type': contentType(file) } })
  })
}

const safe = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
  'referrer-policy': 'no-referrer',
} as const
