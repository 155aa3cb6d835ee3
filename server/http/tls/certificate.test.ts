import { createPrivateKey } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CertificateFiles } from '#server/config/tls.ts'
import { type Issued, issueCertificate } from '#test/support/certificates.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { readCertificate, warningAbout } from './certificate.ts'

function file(text: string): string {
  const path = join(temporaryFolder(), 'file.pem')
  writeFileSync(path, text)
  return path
}

function encrypted({ pem }: Issued): string {
  const key = createPrivateKey(pem.key)
  return key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' }).toString()
}

const faults: readonly [string, string, RegExp, (good: Issued, other: Issued) => CertificateFiles][] = [
  ['no certificate', 'tls_file_missing', /no certificate at/, (good) => ({ ...good, cert: '/nowhere.pem' })],
  ['no key', 'tls_file_missing', /no key at/, (good) => ({ ...good, key: '/nowhere.pem' })],
  ['a folder', 'tls_file_unreadable', /EISDIR/, (good) => ({ ...good, key: '/' })],
  ['a key for a certificate', 'tls_certificate_invalid', /PEM/, ({ key }) => ({ cert: key, key })],
  [
    'half a certificate',
    'tls_certificate_invalid',
    /PEM/,
    ({ key, pem }) => ({ cert: file(pem.cert.slice(0, 200)), key }),
  ],
  ['a certificate for a key', 'tls_key_invalid', /PRIVATE KEY/, ({ cert }) => ({ cert, key: cert })],
  ['half a key', 'tls_key_invalid', /PRIVATE KEY/, ({ cert, pem }) => ({ cert, key: file(pem.key.slice(0, 80)) })],
  ['a passphrase', 'tls_key_invalid', /passphrase/, (good) => ({ cert: good.cert, key: file(encrypted(good)) })],
  ['another key', 'tls_key_mismatch', /does not belong/, ({ cert }, { key }) => ({ cert, key })],
]

test.each(faults)('%s is refused with %s', async (_title, code, sentence, given) => {
  const folder = temporaryFolder()
  const [good, other] = await Promise.all([issueCertificate(folder, 'good'), issueCertificate(folder, 'other')])
  expect(() => readCertificate(given(good, other))).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(sentence) }),
  )
})

test.each([
  ['one that has expired', { from: -30, until: -1 }, /expired on .* clients refuse it/],
  ['one of tomorrow', { from: 1, until: 90 }, /valid from .* only/],
  ['one that expires this week', { until: 5 }, /expires on/],
])('%s is taken, with a warning', async (_title, times, warning) => {
  const files = await issueCertificate(temporaryFolder(), 'bells', times)
  expect(warningAbout(readCertificate(files), files, Date.now())).toMatch(warning)
})

test('a good one is nothing to warn of, unless everybody may read its key', async () => {
  const files = await issueCertificate(temporaryFolder(), 'bells')
  expect(warningAbout(readCertificate(files), files, Date.now())).toBeNull()
  chmodSync(files.key, 0o644)
  expect(warningAbout(readCertificate(files), files, Date.now())).toMatch(/Everybody on this machine may read the key/)
})
