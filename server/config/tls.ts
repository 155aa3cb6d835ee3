import { resolve } from 'node:path'
import { z } from 'zod'

/** A certificate with its chain, and its key, both PEM. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** `self-signed`: the server makes a certificate for itself. */
export type TlsSettings = CertificateFiles | 'self-signed'

const sentence = 'Give "self-signed", or a certificate and its key: cert.pem,key.pem.'

const path = z.string(sentence).min(1, sentence)

/** As text, which is how flags and variables say it, or as an object. */
export const tlsSettings = z.union(
  [
    z.literal('self-signed'),
    z
      .string()
      .regex(/^[^,{}]+,[^,{}]+$/, sentence)
      .transform((text) => {
        const [cert = '', key = ''] = text.split(',').map((part) => part.trim())
        return { cert, key }
      }),
    z.strictObject({ cert: path, key: path }),
  ],
  sentence,
)

/** With paths that do not depend on where the process runs. */
export function resolveTls(tls: TlsSettings | undefined, cwd: string): TlsSettings | undefined {
  if (tls === undefined || tls === 'self-signed') return tls
  return { cert: resolve(cwd, tls.cert), key: resolve(cwd, tls.key) }
}

/** What is wrong with TLS and the address that people use, together. */
export function tlsProblems({ tls, public_url }: { tls?: unknown; public_url?: string | undefined }): string[] {
  if (tls === undefined || !public_url?.startsWith('http:')) return []
  return ['public_url: with tls people reach the server over https. Give an https address, or leave it out.']
}
