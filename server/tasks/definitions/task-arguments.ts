import { sentenceOf } from '#protocol/sentences.ts'
import type { TaskArguments } from '#protocol/tasks.ts'
import type { TaskDefinition } from '../definition.ts'

export type ParsedArguments =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly errors: ArgumentErrors }

type ArgumentErrors = readonly { readonly path: string; readonly message: string }[]

/** What is wrong with each, in one line. */
export function argumentsSentence(errors: ArgumentErrors): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
}

/** Arguments as the task wants them: those given by position are named in the order in which it declares them. */
export function parseArguments(task: Pick<TaskDefinition, 'arguments'>, given: TaskArguments): ParsedArguments {
  const named = Array.isArray(given) ? byName(task, given) : given
  if (typeof named === 'string') return { ok: false, errors: [{ path: '', message: named }] }
  const parsed = strictly(task.arguments).safeParse(named, { error: sentenceOf })
  if (parsed.success) return { ok: true, value: parsed.data }
  return { ok: false, errors: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) }
}

function byName({ arguments: schema }: Pick<TaskDefinition, 'arguments'>, given: readonly unknown[]) {
  const names = Object.keys(schema.shape)
  if (given.length > names.length) {
    return names.length === 0
      ? 'It takes no arguments.'
      : `It takes at most ${names.length} arguments (${names.join(', ')}), and ${given.length} were given.`
  }
  return Object.fromEntries(given.map((value, index) => [names[index], value]))
}

type Schema = TaskDefinition['arguments']

/** Made once each: to make one takes several times as long as to use it. */
const strictOnes = new WeakMap<Schema, Schema>()

/** So that a misspelt argument is told instead of being left out. */
function strictly(schema: Schema): Schema {
  const known = strictOnes.get(schema)
  if (known !== undefined) return known
  const strict = schema.strict()
  strictOnes.set(schema, strict)
  return strict
}
