import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { masked } from '#protocol/secrets.ts'
import { logLine } from '../log.ts'
import { maskText, maskValue } from './mask.ts'

test.each([
  ['authorization: Bearer abc.def-123', 'abc'],
  ['GET /connection/websocket?ticket=Zm9vYmFy&x=1', 'Zm9v'],
  ['{"token":"short","name":"lobby-1"}', 'short'],
  ['{\\"password\\":\\"let me in\\"}', 'let me in'],
  ['connecting failed url=https://ada:hunter2@box.example.org/', 'hunter2'],
  ['wifi psk="my home network"', 'home network'],
  ['at https://ada:p@55word@box.example.org/', '55word'],
  ['password=true-love', 'love'],
  ['{"token":"true"}', 'true'],
  ['device_code=GmRhmhcxhwAzkoEqiMEg', 'GmRh'],
  ['pin=482915', '482915'],
  ['eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1MSJ9.c2ln', 'eyJ'],
  [`something ${'aB3_'.repeat(11)} else`, 'aB3_'],
])('masks what is secret in %s', (text, secret) => {
  expect(maskText(text)).not.toContain(secret)
  expect(maskText(text)).toContain(masked)
})

test.each([
  '[2026-03-12T12:04:00.000Z] [info] received channel=commands:lobby-1 offset=12',
  'kiosk phase=enrolled',
  'subscribed channel=news:all recovered=true offset=7',
  'command id=0190b6f2-7c1e-4d3a-9a70-5f1d2c3b4a51 state=done',
  'link phase=offline code=server_unreachable',
  'started server=https://carillon.example.org:8443 electron=43.8.12',
  'pane unlocked way=pin',
  'settings origins=2 pin=true',
  'settings pin=false origins=2',
  '{"pin":true,"name":"lobby-1","token":null}',
  '{\\"pin\\":true,\\"name\\":\\"lobby-1\\"}',
])('leaves alone what helps: %s', (line) => {
  expect(maskText(line)).toBe(line)
})

test('masks what stands under the name of a secret, at any depth, and nothing else', () => {
  const value = {
    name: 'lobby-1',
    settings: { pin: { salt: 'c2FsdA', hash: 'aGFzaA', cost: 1024 }, allowedOrigins: ['https://a.example'] },
    accessToken: 'x',
    list: [{ apiKey: 'y', code: 'server_unreachable', storage: 'keychain' }],
  }
  expect(maskValue(value)).toEqual({
    name: 'lobby-1',
    settings: { pin: { salt: masked, hash: masked, cost: 1024 }, allowedOrigins: ['https://a.example'] },
    accessToken: masked,
    list: [{ apiKey: masked, code: 'server_unreachable', storage: 'keychain' }],
  })
})

const token = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
const around = fc.string({ maxLength: 40 })

test('a token of ours is never left, wherever it stands, though nobody said which it is', () => {
  fc.assert(
    fc.property(
      token,
      fc.stringMatching(/^[ =:"'/?&(,;]?$/),
      fc.constantFrom('', ' ', '"', '&', '}', '\n'),
      (secret, before, after) => {
        const safe = maskText(`something${before === '' ? ' ' : before}${secret}${after}`)
        expect(safe).not.toContain(secret)
        expect(safe).not.toContain(secret.slice(4, -4))
      },
    ),
  )
})

test('a secret that is known is never left, in any text and any spelling', () => {
  const letter = fc.constantFrom(...'aZ9"\\é€%ß &=+/\n')
  const secret = fc.string({ minLength: 8, maxLength: 60, unit: letter })
  fc.assert(
    fc.property(secret, around, around, (known, before, after) => {
      for (const spelling of [known, encodeURIComponent(known), Buffer.from(known).toString('base64')]) {
        const safe = maskText(`${before}${spelling}${after}`, [known])
        expect(safe).not.toContain(spelling)
      }
      expect(JSON.stringify(maskValue({ deep: [{ note: `x${known}` }] }, [known]))).not.toContain(
        JSON.stringify(known).slice(1, -1),
      )
    }),
  )
})

test('a line of the log that was given a secret as a field does not keep it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('token', 'pin', 'password', 'psk', 'ticket', 'credential'),
      fc.string({ minLength: 1 }),
      (name, secret) => {
        const nonce = randomBytes(4).toString('hex')
        const safe = maskText(logLine('something failed', { [name]: `${secret}${nonce}`, offset: 12 }))
        expect(safe).not.toContain(nonce)
      },
    ),
  )
})
