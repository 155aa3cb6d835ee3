import { Alert, Button, TextInput } from '@mantine/core'
import { IconCircleCheck, IconEye } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Me } from '#protocol/api.ts'
import { commandsChannel } from '#protocol/channel.ts'
import { newPin } from '#protocol/device-settings.ts'
import { deviceName, type EnrolmentView } from '#protocol/devices.ts'
import { PasswordField } from '../mantine/password-field.tsx'
import { useNow } from '../shared/now.ts'
import { ago, remaining } from '../shared/time.ts'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { deviceSlug, suggestedName } from './device-slug.ts'
import { linkTo, navigate } from './location.ts'
import { mayOperate } from './permissions.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { formatUserCode, isWholeUserCode } from './user-code.ts'
import { UserCodeForm } from './user-code-form.tsx'

interface EnrolPageProps {
  readonly me: Me
  /** The code in the address, as it was typed or scanned. */
  readonly code: string | null
}

/** How an asking screen was answered. */
type Decision = { readonly answer: 'approved'; readonly name: string } | { readonly answer: 'refused' }

export function EnrolPage({ me, code }: EnrolPageProps) {
  const [decision, setDecision] = useState<Decision | null>(null)
  const wanted = formatUserCode(code ?? '')
  if (!mayOperate(me)) {
    return (
      <div className="column">
        <h1>Add a screen</h1>
        <p role="note">You look on as a viewer. Ask an operator or an administrator to approve the screen.</p>
      </div>
    )
  }
  if (decision !== null) return <Decided decision={decision} />
  return (
    <div className="column">
      <h1>Add a screen</h1>
      {isWholeUserCode(wanted) ? (
        <Asking code={wanted} onDecision={setDecision} />
      ) : (
        <>
          <p className="soft">A kiosk that is not known yet shows a code. Enter it here.</p>
          <CodeForm first={wanted} />
        </>
      )}
    </div>
  )
}

function CodeForm({ first, problem }: { readonly first: string; readonly problem?: unknown }) {
  return (
    <UserCodeForm
      label="Code on the screen"
      first={first}
      problem={problem}
      onCode={(code) => navigate(`/enrol?code=${code}`)}
    />
  )
}

function Asking({ code, onDecision }: { readonly code: string; readonly onDecision: (decision: Decision) => void }) {
  const api = useApi()
  const enrolment = useQuery({ queryKey: ['enrolment', code], queryFn: () => api.enrolment(code) })
  if (enrolment.error !== null) {
    return (
      <>
        <CodeForm first={code} problem={enrolment.error} />
        {!asApiError(enrolment.error).is('unknown_code') && (
          <Button variant="default" onClick={() => enrolment.refetch()} loading={enrolment.isFetching}>
            Try again
          </Button>
        )}
      </>
    )
  }
  if (enrolment.data === undefined) {
    return (
      <p className="soft" role="status">
        Looking for {code}
      </p>
    )
  }
  return <ApproveForm enrolment={enrolment.data} onDecision={onDecision} />
}

interface ApproveFormProps {
  readonly enrolment: EnrolmentView
  readonly onDecision: (decision: Decision) => void
}

function ApproveForm({ enrolment, onDecision }: ApproveFormProps) {
  const api = useApi()
  const [name, setName] = useState(() => suggestedName(enrolment.hostname))
  const [pin, setPin] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [pinError, setPinError] = useState<string | null>(null)
  const approve = useMutation({
    mutationFn: () => api.approve(enrolment.userCode, name, pin === '' ? undefined : pin),
    onSuccess: () => onDecision({ answer: 'approved', name }),
    onError: (failure) => {
      const { message, code, fields } = asApiError(failure)
      if (code === 'already_exists') setError(message)
      else if (fields.name !== undefined) setError(fields.name)
    },
  })
  const deny = useMutation({
    mutationFn: () => api.deny(enrolment.userCode),
    onSuccess: () => onDecision({ answer: 'refused' }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const named = deviceName.safeParse(name)
    const locked = pin === '' ? null : newPin.safeParse(pin)
    if (!named.success) setError(named.error.issues[0]?.message ?? 'Give another name.')
    if (locked?.success === false) setPinError(locked.error.issues[0]?.message ?? 'Give another PIN.')
    if (named.success && locked?.success !== false) approve.mutate()
  }
  return (
    <form className="stack" noValidate onSubmit={submit}>
      <Asker enrolment={enrolment} />
      <Alert color="brass" role="note" icon={<IconEye aria-hidden="true" />}>
        Approve only a screen that you can see, or whose code somebody in front of it has just told you.
      </Alert>
      <TextInput
        label="Name of the screen"
        description={name === '' ? 'For example lobby-1' : `Reached as ${commandsChannel(name)}`}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        autoComplete="off"
        spellCheck={false}
        value={name}
        error={error}
        onChange={({ currentTarget }) => {
          setName(deviceSlug(currentTarget.value))
          setError(null)
        }}
      />
      <PasswordField
        label="PIN of its pane"
        description="Optional, 6 to 12 digits: support staff open the pane at the screen with it"
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        inputMode="numeric"
        autoComplete="off"
        visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the PIN' }}
        maxLength={12}
        value={pin}
        error={pinError}
        onChange={({ currentTarget }) => {
          setPin(currentTarget.value)
          setPinError(null)
        }}
      />
      {error === null && <ProblemAlert error={approve.error ?? deny.error} />}
      <div className="row">
        <Button type="submit" loading={approve.isPending}>
          Approve
        </Button>
        <Button variant="default" loading={deny.isPending} onClick={() => deny.mutate()}>
          Refuse
        </Button>
      </div>
    </form>
  )
}

function Asker({ enrolment }: { readonly enrolment: EnrolmentView }) {
  const now = useNow(1000)
  const expiresAt = Date.parse(enrolment.expiresAt)
  return (
    <section className="card" aria-labelledby="asker">
      <div className="card-head">
        <h2 id="asker">{enrolment.hostname}</h2>
        <p className="asker-code">{enrolment.userCode}</p>
      </div>
      <dl className="card-facts">
        <div>
          <dt>Address</dt>
          <dd>{enrolment.address}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>{enrolment.version}</dd>
        </div>
        <div>
          <dt>System</dt>
          <dd>{enrolment.platform}</dd>
        </div>
        <div>
          <dt>Asked</dt>
          <dd>{ago(Date.parse(enrolment.requestedAt), now)}</dd>
        </div>
        <div>
          <dt>Valid for</dt>
          <dd>{expiresAt > now ? remaining(expiresAt, now) : 'no longer'}</dd>
        </div>
      </dl>
    </section>
  )
}

function Decided({ decision }: { readonly decision: Decision }) {
  const heading = useRef<HTMLHeadingElement>(null)
  // The form that had the focus is gone.
  useEffect(() => heading.current?.focus(), [])
  if (decision.answer === 'refused') {
    return (
      <div className="column" role="status">
        <h1 ref={heading} tabIndex={-1}>
          Refused
        </h1>
        <p>The screen was told so, and shows a new code.</p>
        <div className="row">
          <Button component="a" variant="default" {...linkTo('/')}>
            Go to the screens
          </Button>
        </div>
      </div>
    )
  }
  return (
    <div className="column" role="status">
      <IconCircleCheck size={48} stroke={1.4} className="decided-mark" aria-hidden="true" />
      <h1 ref={heading} tabIndex={-1}>
        {decision.name} is approved
      </h1>
      <p>The screen goes on by itself in a few seconds. There is nothing left to do at it.</p>
      <div className="row">
        <Button component="a" {...linkTo('/')}>
          Go to the screens
        </Button>
        <Button component="a" variant="default" {...linkTo('/enrol')}>
          Add another screen
        </Button>
      </div>
    </div>
  )
}
