import { expect, test } from 'vitest'
import type { SecondFactorView } from '#protocol/account.ts'
import { dutyOf, type FactorDuty } from './factor-duty.ts'

const now = Date.parse('2026-11-22T12:00:00.000Z')
const bare: SecondFactorView = {
  totp: false,
  backupCodesLeft: 0,
  passkeys: [],
  required: true,
  requiredFrom: '2026-11-29T12:00:00.000Z',
}
const passkey = { id: 'p', name: 'Laptop', createdAt: '2026-11-22T12:00:00.000Z', lastUsedAt: null }

test.each<[string, SecondFactorView | undefined, FactorDuty]>([
  ['nothing is known yet', undefined, 'none'],
  ['the role may go without', { ...bare, required: false }, 'none'],
  ['an app is set up', { ...bare, totp: true }, 'none'],
  ['a passkey is there', { ...bare, passkeys: [passkey] }, 'none'],
  ['there is time', bare, { dueAt: Date.parse('2026-11-29T12:00:00.000Z') }],
  ['the time is over', { ...bare, requiredFrom: '2026-11-22T12:00:00.000Z' }, 'overdue'],
  ['there never was time', { ...bare, requiredFrom: null }, 'overdue'],
])('the duty when %s', (_, factor, duty) => {
  expect(dutyOf(factor, now)).toEqual(duty)
})
