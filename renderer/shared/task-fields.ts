import { z } from 'zod'
import type { TaskArguments, TaskDefinitionView } from '#protocol/tasks.ts'

/** One argument of a task, as a form asks for it. What a form has no field for is asked for as JSON. */
export interface TaskField {
  readonly name: string
  readonly label: string
  readonly description: string | null
  readonly isRequired: boolean
  readonly kind: 'text' | 'number' | 'flag' | 'choice' | 'json'
  /** Of a `choice`. */
  readonly choices: readonly string[]
  /** Of a `number`. */
  readonly min: number | undefined
  readonly max: number | undefined
  readonly isWhole: boolean
  readonly initial: FieldValue
}

/** What a field holds while somebody fills it in. */
export type FieldValue = string | number | boolean
export type FieldValues = Record<string, FieldValue>

/** Either what to submit, or the sentence for each field that is not right. */
export type ReadFields =
  | { readonly ok: true; readonly args: TaskArguments }
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> }

/** The name of the one field of a task whose arguments nobody has described. */
export const allArguments = '(all)'

export function fieldsOf({ arguments: described }: Pick<TaskDefinitionView, 'arguments'>): readonly TaskField[] {
  const parsed = objectSchema.safeParse(described)
  if (!parsed.success) return [wholeField]
  const { properties, required } = parsed.data
  return Object.entries(properties).map(([name, property]) => fieldOf(name, property, required.includes(name)))
}

/** What the server itself refuses is the server's to say: here it is only what cannot be sent at all. */
export function readFields(fields: readonly TaskField[], values: FieldValues): ReadFields {
  const args: Record<string, unknown> = {}
  const errors: Record<string, string> = {}
  for (const field of fields) {
    const read = readField(field, values[field.name] ?? '')
    if (read.kind === 'wrong') errors[field.name] = read.message
    if (read.kind === 'value') args[field.name] = read.value
  }
  if (Object.keys(errors).length > 0) return { ok: false, errors }
  const [only] = fields
  // The form made an object or a list of it.
  return { ok: true, args: only?.name === allArguments ? ((args[allArguments] ?? {}) as TaskArguments) : args }
}

type Read =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wrong'; readonly message: string }

function readField(field: TaskField, value: FieldValue): Read {
  if (typeof value === 'boolean') return { kind: 'value', value }
  if (value === '') return field.isRequired ? { kind: 'wrong', message: missing[field.kind] } : { kind: 'nothing' }
  if (field.kind === 'number') {
    const number = Number(value)
    return Number.isFinite(number) ? { kind: 'value', value: number } : { kind: 'wrong', message: missing.number }
  }
  if (field.kind !== 'json') return { kind: 'value', value }
  try {
    const json: unknown = JSON.parse(String(value))
    if (field.name === allArguments && (typeof json !== 'object' || json === null)) {
      return { kind: 'wrong', message: 'Give an object such as {"x": 1}, or a list such as [1, 2].' }
    }
    return { kind: 'value', value: json }
  } catch {
    return { kind: 'wrong', message: missing.json }
  }
}

const missing = {
  text: 'Fill this in.',
  number: 'Give a number.',
  flag: 'Choose.',
  choice: 'Choose one.',
  json: 'Give valid JSON, such as ["a", "b"] or {"floor": 2}.',
} as const satisfies Record<TaskField['kind'], string>

function fieldOf(name: string, property: Property, isRequired: boolean): TaskField {
  const kind = kindOf(property)
  return {
    name,
    label: property.title ?? wordsOf(name),
    description: property.description ?? null,
    isRequired,
    kind,
    choices: kind === 'choice' ? (property.enum ?? []).map(String) : [],
    min: property.minimum,
    max: property.maximum,
    isWhole: property.type === 'integer',
    initial: initialOf(kind, property.default),
  }
}

function kindOf({ type, enum: choices }: Property): TaskField['kind'] {
  if (choices?.every((choice) => typeof choice === 'string')) return 'choice'
  if (type === 'string') return 'text'
  if (type === 'number' || type === 'integer') return 'number'
  return type === 'boolean' ? 'flag' : 'json'
}

function initialOf(kind: TaskField['kind'], given: unknown): FieldValue {
  if (kind === 'flag') return given === true
  if (given === undefined || given === null) return ''
  return kind === 'json' ? JSON.stringify(given) : (given as string | number)
}

/** `startAt` and `start_at` are `Start at`. */
function wordsOf(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const property = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.unknown().optional(),
})
type Property = z.infer<typeof property>

const objectSchema = z.object({
  type: z.literal('object'),
  properties: z.record(z.string(), property).default({}),
  required: z.array(z.string()).default([]),
})

const wholeField: TaskField = {
  name: allArguments,
  label: 'Arguments',
  description: 'As JSON: an object by name, or a list in their order. This server does not know what the task takes.',
  isRequired: false,
  kind: 'json',
  choices: [],
  min: undefined,
  max: undefined,
  isWhole: false,
  initial: '',
}
