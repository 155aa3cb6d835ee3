import { Button, Group, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { factorCode, type TotpAnswer } from '#protocol/account.ts'
import { QrCode } from '../../shared/qr-code.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { CopyField } from '../copy-field.tsx'
import { ProblemAlert } from '../problem-alert.tsx'

interface TotpFormProps {
  readonly totp: TotpAnswer
  readonly onClose: () => void
  readonly onVerified: (backupCodes: readonly string[]) => void
}

/** The secret as a picture and as text, and the first code that proves that the app has it. */
export function TotpForm({ totp, onClose, onVerified }: TotpFormProps) {
  const { account } = useApi()
  const [code, setCode] = useState('')
  const [invalid, setInvalid] = useState<string | null>(null)
  const verify = useMutation({
    mutationFn: account.verifyTotp,
    onSuccess: ({ backupCodes }) => onVerified(backupCodes),
    onError: (error) => {
      if (asApiError(error).is('wrong_code')) setInvalid(error.message)
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const checked = factorCode.safeParse(code)
    if (checked.success) verify.mutate(checked.data)
    else setInvalid('Enter the six digits that the app shows.')
  }
  return (
    <form className="totp" noValidate onSubmit={submit}>
      <QrCode text={totp.uri} label="The secret as a QR code, for the authenticator app" />
      <div className="stack">
        <p>Scan this with the app, or type the secret into it. Then enter the code that the app shows.</p>
        <CopyField label="Secret" value={totp.secret} shown={totp.secret.replaceAll(/.{4}(?=.)/g, '$& ')} />
        <TextInput
          label="First code"
          size="lg"
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={12}
          autoFocus
          classNames={{ input: 'code-input' }}
          value={code}
          error={invalid}
          onChange={({ currentTarget }) => {
            setCode(currentTarget.value)
            setInvalid(null)
            verify.reset()
          }}
        />
        {invalid === null && <ProblemAlert error={verify.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={verify.isPending}>
            Turn on
          </Button>
        </Group>
      </div>
    </form>
  )
}
