import { Alert, Button, Checkbox, Group, NumberInput, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { TaskArguments, TaskDefinitionView } from '#protocol/tasks.ts'
import { allArguments, type FieldValue, type FieldValues, fieldsOf, readFields, type TaskField } from './task-fields.ts'

interface TaskFormProps {
  readonly definition: TaskDefinitionView
  /** Gets what has been filled in, once it can be sent. */
  readonly onSubmit: (args: TaskArguments) => void
  /** It has been sent, and the answer is waited for. */
  readonly isBusy: boolean
  /** What the server said against it: a sentence, and one for each argument by its name. */
  readonly problem: TaskProblem | null
  /** Shows the button for it. */
  readonly onCancel?: () => void
}

export interface TaskProblem {
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
}

/** Asks for the arguments of a task, by the schema that it declares. */
export function TaskForm({ definition, onSubmit, isBusy, problem, onCancel }: TaskFormProps) {
  const fields = fieldsOf(definition)
  const [values, setValues] = useState<FieldValues>(() =>
    Object.fromEntries(fields.map(({ name, initial }) => [name, initial])),
  )
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({})
  /** Fields changed since the server's last word: what it said of them is about something else. */
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set())

  const set = (name: string, value: FieldValue): void => {
    setValues((before) => ({ ...before, [name]: value }))
    setWrong(({ [name]: _, ...others }) => others)
    setChanged((before) => new Set(before).add(name))
  }
  const submit = (): void => {
    const read = readFields(fields, values)
    setWrong(read.ok ? {} : read.errors)
    if (!read.ok) return
    setChanged(new Set())
    onSubmit(read.args)
  }
  const errorOf = (name: string): string | undefined => {
    const said = problem === null ? undefined : saidOf(problem.fields, name)
    return wrong[name] ?? (changed.has(name) ? undefined : said)
  }
  const isSaidBelow = problem !== null && fields.some(({ name }) => saidOf(problem.fields, name) !== undefined)

  return (
    <form
      noValidate
      aria-label={definition.name}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) submit()
      }}
    >
      <Stack gap="md">
        {fields.map((field, at) => (
          <Field
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            error={errorOf(field.name)}
            hasFocus={at === 0}
            onChange={(value) => set(field.name, value)}
          />
        ))}
        {problem !== null && !isSaidBelow && (
          <Alert color="red" role="alert">
            {problem.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          {onCancel !== undefined && (
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button type="submit" loading={isBusy} {...(fields.length === 0 && { 'data-autofocus': true })}>
            Start
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

interface FieldProps {
  readonly field: TaskField
  readonly value: FieldValue
  readonly error: string | undefined
  readonly hasFocus: boolean
  readonly onChange: (value: FieldValue) => void
}

function Field({ field, value, error, hasFocus, onChange }: FieldProps) {
  const { kind, label, description, isRequired, choices, min, max, isWhole } = field
  const shared = {
    label: isRequired || kind === 'flag' || field.name === allArguments ? label : `${label} (optional)`,
    ...(description !== null && { description }),
    ...(error !== undefined && { error }),
    ...(hasFocus && { 'data-autofocus': true }),
  }
  switch (kind) {
    case 'flag':
      return (
        <Checkbox
          {...shared}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <Select
          {...shared}
          data={choices}
          value={value === '' ? null : String(value)}
          allowDeselect={!isRequired}
          onChange={(choice) => onChange(choice ?? '')}
        />
      )
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'boolean' ? '' : value}
          onChange={onChange}
          allowDecimal={!isWhole}
          {...(min !== undefined && { min })}
          {...(max !== undefined && { max })}
        />
      )
    case 'json':
      return (
        <Textarea
          {...shared}
          autosize
          minRows={2}
          maxRows={12}
          autoComplete="off"
          spellCheck={false}
          className="task-json"
          value={String(value)}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    case 'text':
      return (
        <TextInput
          {...shared}
          autoComplete="off"
          value={String(value)}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    default:
      return kind satisfies never
  }
}

/** The server may be speaking of a part of an argument. */
function saidOf(fields: TaskProblem['fields'], name: string): string | undefined {
  const path = Object.keys(fields).find((key) => {
    const [first] = key.replace(/^args\./, '').split('.')
    return first === name
  })
  return path === undefined ? undefined : fields[path]
}
