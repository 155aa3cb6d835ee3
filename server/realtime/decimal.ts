/**
 * Compares two decimal numbers given as text, digit by digit: exact at any length, where binary floating point is not.
 * Negative when `a` is less, positive when it is more; null when one of them is not a decimal such as `-12.50`.
 */
export function compareDecimals(a: string, b: string): number | null {
  const [left, right] = [parseDecimal(a), parseDecimal(b)]
  if (!left || !right) return null
  if (left.isNegative !== right.isNegative) return left.isNegative ? -1 : 1
  const size = compareSizes(left, right)
  return left.isNegative ? -size : size
}

interface Decimal {
  readonly isNegative: boolean
  /** Without leading zeros. */
  readonly whole: string
  /** Without trailing zeros. */
  readonly fraction: string
}

function parseDecimal(text: string): Decimal | null {
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (!parts) return null
  const whole = withoutLeadingZeros(parts[2] ?? '')
  const fraction = withoutTrailingZeros(parts[3] ?? '')
  // There is one zero only.
  return { isNegative: parts[1] === '-' && whole + fraction !== '', whole, fraction }
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.whole.length !== b.whole.length) return a.whole.length - b.whole.length
  return compareText(a.whole, b.whole) || compareText(a.fraction, b.fraction)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function withoutLeadingZeros(digits: string): string {
  let start = 0
  while (digits[start] === '0') start += 1
  return digits.slice(start)
}

/** By hand, because a regular expression for it takes quadratic time on many zeros inside. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}
