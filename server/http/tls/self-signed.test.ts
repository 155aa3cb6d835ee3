import { createPublicKey, X509Certificate } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { keepSelfSigned, selfSignedFiles } from './self-signed.ts'

const names = ['localhost', '127.0.0.1', '::1', 'box.example.org']
const dayMs = 24 * 60 * 60 * 1000

const certificateIn = (data: string) => new X509Certificate(readFileSync(selfSignedFiles(data).cert))
const keyIn = (data: string) => readFileSync(selfSignedFiles(data).key, 'utf8')

test('it is for the names that were asked for, cannot sign others, and its key is for its owner', async () => {
  const data = temporaryFolder()
  await keepSelfSigned(data, names)
  const certificate = certificateIn(data)
  expect(certificate.subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:box.example.org',
  )
  expect(certificate.ca).toBe(false)
  const [, authority] = readFileSync(selfSignedFiles(data).cert, 'utf8').split(/(?<=-----END CERTIFICATE-----)\n/)
  const { ca, publicKey } = new X509Certificate(authority ?? '')
  expect(ca).toBe(true)
  expect(certificate.verify(publicKey)).toBe(true)
  expect(readdirSync(data).toSorted()).toEqual(['self-signed.crt', 'self-signed.key'])
  expect(publicKey.equals(createPublicKey(keyIn(data)))).toBe(false)
  expect(statSync(selfSignedFiles(data).key).mode & 0o777).toBe(0o600)
})

test('it is made once, and made anew for another name or a month before its end, with the same key', async () => {
  const data = temporaryFolder()
  await keepSelfSigned(data, names)
  const first = certificateIn(data)
  const key = keyIn(data)

  await keepSelfSigned(data, names, { now: Date.now() + 300 * dayMs })
  expect(certificateIn(data).fingerprint256).toBe(first.fingerprint256)
  await keepSelfSigned(data, [...names, '192.0.2.7'])
  const second = certificateIn(data)
  expect(second.checkIP('192.0.2.7')).toBe('192.0.2.7')
  await keepSelfSigned(data, names, { now: Date.now() + 340 * dayMs })
  const third = certificateIn(data)
  expect(third.validToDate.getTime()).toBeGreaterThan(second.validToDate.getTime() + 300 * dayMs)
  expect(keyIn(data)).toBe(key)
})

test('addresses that come and go are in one that is made, and no reason to make another', async () => {
  const data = temporaryFolder()
  await keepSelfSigned(data, names, { also: ['192.0.2.7'] })
  const first = certificateIn(data)
  expect(first.checkIP('192.0.2.7')).toBe('192.0.2.7')
  await keepSelfSigned(data, names, { also: ['192.0.2.8'] })
  expect(certificateIn(data).fingerprint256).toBe(first.fingerprint256)
})

test('a damaged certificate is made anew', async () => {
  const data = temporaryFolder()
  await keepSelfSigned(data, names)
  writeFileSync(selfSignedFiles(data).cert, 'gnawed')
  await keepSelfSigned(data, names)
  expect(certificateIn(data).checkHost('localhost')).toBe('localhost')
})

test('a key that others can read, or that is damaged, is not used', async () => {
  const data = temporaryFolder()
  await keepSelfSigned(data, names)
  const { key } = selfSignedFiles(data)
  chmodSync(key, 0o640)
  await expect(keepSelfSigned(data, names)).rejects.toMatchObject({ code: 'tls_key_exposed' })
  chmodSync(key, 0o600)
  writeFileSync(key, 'gnawed')
  await expect(keepSelfSigned(data, names)).rejects.toMatchObject({ code: 'tls_key_invalid' })
})
