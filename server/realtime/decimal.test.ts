import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareDecimals } from './decimal.ts'

const scaled = fc.tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(30))

test('decimals of any length compare as their exact values do', () => {
  fc.assert(
    fc.property(scaled, scaled, fc.nat(3), fc.nat(3), ([a, aScale], [b, bScale], zerosBefore, zerosAfter) => {
      const exact = a * 10n ** BigInt(bScale) - b * 10n ** BigInt(aScale)
      const compared = compareDecimals(written(a, aScale, zerosBefore, zerosAfter), written(b, bScale, 0, 0))
      expect(Math.sign(compared ?? Number.NaN)).toBe(exact === 0n ? 0 : exact < 0n ? -1 : 1)
    }),
  )
})

test('what binary floating point cannot tell apart is told apart', () => {
  expect(compareDecimals('9007199254740993', '9007199254740992')).toBeGreaterThan(0)
  expect(compareDecimals('0.1000000000000000000001', '0.1')).toBeGreaterThan(0)
  expect(compareDecimals('-0', '+0.00')).toBe(0)
})

test('what is not a decimal compares with nothing', () => {
  for (const text of ['', ' 1', '1e3', '.5', '1.', '0x10', 'NaN', '--1', '1,5', '١']) {
    expect(compareDecimals(text, '1')).toBeNull()
    expect(compareDecimals('1', text)).toBeNull()
  }
})

function written(value: bigint, scale: number, zerosBefore: number, zerosAfter: number): string {
  const digits = `${value < 0n ? -value : value}`.padStart(scale + 1, '0')
  const whole = '0'.repeat(zerosBefore) + digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale) + '0'.repeat(zerosAfter)
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
