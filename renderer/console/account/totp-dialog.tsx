import { useState } from 'react'
import type { TotpAnswer } from '#protocol/account.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import { BackupCodes } from './backup-codes.tsx'
import { IdentityForm } from './identity-form.tsx'
import { TotpForm } from './totp-form.tsx'

type Step =
  | { readonly name: 'password' }
  | { readonly name: 'scan'; readonly totp: TotpAnswer }
  | { readonly name: 'codes'; readonly backupCodes: readonly string[] }

const titles = {
  password: 'Set up an app',
  scan: 'Scan the code',
  codes: 'Keep the back-up codes',
} as const satisfies Record<Step['name'], string>

interface TotpDialogProps {
  readonly opened: boolean
  /** Without anything having changed. */
  readonly onClose: () => void
  readonly onSetUp: () => void
}

/** Sets an authenticator app up: the password, the secret and a first code, the back-up codes. */
export function TotpDialog({ opened, onClose, onSetUp }: TotpDialogProps) {
  const { account } = useApi()
  const [step, setStep] = useState<Step>({ name: 'password' })
  const leave = (then: () => void): void => {
    setStep({ name: 'password' })
    then()
  }
  return (
    <Dialog opened={opened} onClose={() => leave(onClose)} title={titles[step.name]} wide={step.name !== 'password'}>
      {step.name === 'password' ? (
        <IdentityForm
          action="Continue"
          onClose={() => leave(onClose)}
          onSubmit={async (password) => setStep({ name: 'scan', totp: await account.beginTotp(password) })}
        >
          <p>You need an authenticator app on your phone, such as Aegis, FreeOTP or Google Authenticator.</p>
        </IdentityForm>
      ) : step.name === 'scan' ? (
        <TotpForm
          totp={step.totp}
          onClose={() => leave(onClose)}
          onVerified={(backupCodes) => setStep({ name: 'codes', backupCodes })}
        />
      ) : (
        <BackupCodes codes={step.backupCodes} onKept={() => leave(onSetUp)} />
      )}
    </Dialog>
  )
}
