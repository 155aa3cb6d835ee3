import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { ProblemAlert } from './problem-alert.tsx'
import { formatUserCode, isWholeUserCode } from './user-code.ts'

interface UserCodeFormProps {
  readonly label: string
  /** What stands there at first. */
  readonly first: string
  readonly onCode: (code: string) => void
  /** Why the code that was given last is not good; shown until it is changed. */
  readonly problem?: unknown
}

/** Takes a code that something shows, in whatever way it is typed. */
export function UserCodeForm({ label, first, onCode, problem = null }: UserCodeFormProps) {
  const [code, setCode] = useState(first)
  const [error, setError] = useState<string | null>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (isWholeUserCode(code)) onCode(code)
    else setError('A code has eight letters and digits, such as WDJB-MJHT.')
  }
  return (
    <>
      {error === null && code === first && <ProblemAlert error={problem} />}
      <form className="code-form" noValidate onSubmit={submit}>
        <TextInput
          label={label}
          placeholder="XXXX-XXXX"
          size="lg"
          autoComplete="off"
          autoFocus
          autoCapitalize="characters"
          spellCheck={false}
          classNames={{ input: 'code-input' }}
          value={code}
          error={error}
          onChange={({ currentTarget }) => {
            setCode(formatUserCode(currentTarget.value))
            setError(null)
          }}
        />
        <Button type="submit" size="lg">
          Continue
        </Button>
      </form>
    </>
  )
}
