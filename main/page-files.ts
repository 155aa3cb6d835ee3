import { extname, join, sep } from 'node:path'

/** The origin of our own pages. */
export const pageOrigin = 'app://carillon'

/** Whether an address is one of our own pages. */
export function isOwnPage(address: string): boolean {
  return address.startsWith(`${pageOrigin}/`)
}

/**
 * The file behind one of our own addresses, inside `folder`; null when it is none of ours or leads outside. Query and
 * fragment do not matter.
 */
export function pageFile(folder: string, address: string): string | null {
  if (!isOwnPage(address) || !URL.canParse(address)) return null
  const path = decoded(new URL(address).pathname)
  if (path === null || path.includes('\0') || path.includes('\\')) return null
  const file = join(folder, path)
  return file.startsWith(folder + sep) && extname(file) in contentTypes ? file : null
}

/** Types of the files that a page is made of; nothing else is served. */
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

export function contentType(file: string): string {
  return contentTypes[extname(file)] ?? 'application/octet-stream'
}

/**
 * What our pages may do: run their own scripts, use their own styles, images and fonts. They reach no network, embed
 * nothing, and are embedded by nobody.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null // not an address that we made
  }
}
