import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { factorCode } from '#protocol/account.ts'
import { Brand } from '../../mantine/brand.tsx'
import { RefusalAlert } from './refusal-alert.tsx'
import type { RetryAfter } from './use-retry-after.ts'

interface CodeFormProps {
  readonly error: unknown
  readonly retry: RetryAfter
  readonly busy: boolean
  readonly onSubmit: (code: string) => void
  readonly onBack: () => void
}

/** The second step. The server takes a back-up code in the same place; only the keyboard of a phone differs. */
export function CodeForm({ error, retry, busy, onSubmit, onBack }: CodeFormProps) {
  const [kind, setKind] = useState<'app' | 'backup'>('app')
  const [code, setCode] = useState('')
  const [invalid, setInvalid] = useState<string | null>(null)
  /** What was refused before, of which nothing more is to be said. */
  const [over, setOver] = useState<unknown>(null)
  const field = useRef<HTMLInputElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a refused code is there to be typed again
  useEffect(() => field.current?.select(), [kind, error])
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const checked = factorCode.safeParse(code)
    if (checked.success) onSubmit(checked.data)
    else setInvalid(checked.error.issues[0]?.message ?? 'Enter a code.')
  }
  return (
    <form className="door-form" aria-labelledby="code" noValidate onSubmit={submit}>
      <Brand large />
      <div>
        <h1 id="code">{kind === 'app' ? 'Enter the code' : 'Enter a back-up code'}</h1>
        <p className="soft">
          {kind === 'app'
            ? 'Your authenticator app shows six digits for this server.'
            : 'One of the ten that you were given when you set up the app. Each works once.'}
        </p>
      </div>
      <TextInput
        ref={field}
        label={kind === 'app' ? 'Code' : 'Back-up code'}
        size="lg"
        autoComplete="one-time-code"
        inputMode={kind === 'app' ? 'numeric' : 'text'}
        autoCapitalize="off"
        spellCheck={false}
        maxLength={24}
        classNames={{ input: 'code-input' }}
        value={code}
        error={invalid}
        onChange={({ currentTarget }) => {
          setCode(currentTarget.value)
          setInvalid(null)
        }}
      />
      {(retry.waits || (invalid === null && error !== over)) && <RefusalAlert error={error} retry={retry} />}
      <Button type="submit" size="md" loading={busy} disabled={retry.waits}>
        Sign in
      </Button>
      <details className="help">
        <summary>Lost your phone?</summary>
        <p>
          Use one of the back-up codes that you kept. If they are lost as well, ask an administrator to reset your
          second factor; then you sign in with the password alone and set up a new one.
        </p>
      </details>
      <div className="row">
        <button
          type="button"
          className="link-button"
          onClick={() => {
            setKind(kind === 'app' ? 'backup' : 'app')
            setCode('')
            setInvalid(null)
            setOver(error)
          }}
        >
          {kind === 'app' ? 'Use a back-up code' : 'Use the app'}
        </button>
        <button type="button" className="link-button" onClick={onBack}>
          Sign in as somebody else
        </button>
      </div>
    </form>
  )
}
