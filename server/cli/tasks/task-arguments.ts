import type { TaskArguments } from '#protocol/tasks.ts'
import { usageError } from '../cli-error.ts'

/**
 * Arguments as they stand on a command line: `copies=3`, with a value that is JSON where it can be and text otherwise, or
 * one JSON text with all of them. Those named in `texts` are taken as they stand: a message may be `42`.
 */
export function parseArguments(given: readonly string[], texts: readonly string[] = []): TaskArguments {
  const [first = ''] = given
  if (given.length === 1 && /^\s*[[{]/.test(first)) return parseWhole(first)
  return Object.fromEntries(given.map((pair) => parsePair(pair, texts)))
}

function parseWhole(text: string): TaskArguments {
  try {
    // It begins as an object or a list does.
    return JSON.parse(text) as TaskArguments
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(
      'malformed_json',
      `The arguments are not valid JSON: ${reason}. Quote them for the shell: '{"x":1}'.`,
    )
  }
}

function parsePair(pair: string, texts: readonly string[]): [string, unknown] {
  const equals = pair.indexOf('=')
  if (equals < 1)
    throw usageError('bad_argument', `An argument is name=value, or all of them as JSON, and not ${pair}.`)
  const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
  return [name, texts.includes(name) ? value : argumentOf(value)]
}

function argumentOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
