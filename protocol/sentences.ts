import type { z } from 'zod'

/**
 * What is said of a field whose schema has no sentence of its own. `undefined` leaves it to Zod, whose words are those
 * of its types.
 */
export function sentenceOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? `Give this: ${nameOf(issue.expected)}.` : `Give ${nameOf(issue.expected)}.`
    case 'invalid_value':
      return issue.values.length === 1
        ? `Give ${String(issue.values[0])}.`
        : `Give one of ${issue.values.map(String).join(', ')}.`
    case 'too_small':
      return `Give ${amount(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')}.`
    case 'too_big':
      return `Give ${amount(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')}.`
    case 'unrecognized_keys':
      return `There is no ${issue.keys.map((key) => `"${key}"`).join(', ')} here: leave it out.`
    default:
      return undefined
  }
}

const names: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  nonoptional: 'any value',
}

function nameOf(type: string): string {
  return names[type] ?? type
}

const units: Readonly<Record<string, string>> = { string: 'character', array: 'entry', set: 'entry' }

/** `at most 128 characters`, `at least 1`. */
function amount(origin: string, limit: number | bigint, than: string): string {
  const unit = units[origin]
  if (unit === undefined) return `${than} ${limit}`
  return `${than} ${limit} ${Number(limit) === 1 ? unit : unit.replace(/y$/, 'ie').concat('s')}`
}
