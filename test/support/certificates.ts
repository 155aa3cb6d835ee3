import { createHash, createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import type { CertificateFiles } from '#server/config/tls.ts'

export interface Issued extends CertificateFiles {
  readonly pem: { readonly cert: string; readonly key: string }
}

/** A certificate for loopback that vouches for itself, as two files of these names. */
export async function issueCertificate(
  folder: string,
  name: string,
  { from = -1, until = 90 }: { readonly from?: number; readonly until?: number } = {},
): Promise<Issued> {
  const day = (count: number) => new Date(Date.now() + count * 24 * 60 * 60 * 1000)
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', algorithm: 'sha256', notBeforeDate: day(from), notAfterDate: day(until) },
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key, { mode: 0o600 })
  return { ...files, pem: { cert, key } }
}

/** By what Chromium is told to believe a certificate, whoever signed it. */
export function publicKeyHash(cert: string): string {
  const key = createPublicKey(cert).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}
