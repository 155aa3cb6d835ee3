import { Alert, Button } from '@mantine/core'
import { IconShieldCheck } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { SecondFactorView } from '#protocol/account.ts'
import { useApi } from '../api-context.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { NewBackupCodesDialog } from './new-backup-codes-dialog.tsx'
import { Section } from './section.tsx'
import { TotpDialog } from './totp-dialog.tsx'
import { TurnOffDialog } from './turn-off-dialog.tsx'

interface SecondFactorSectionProps {
  /** Called when an app has been set up and its back-up codes are kept. */
  readonly onSetUp?: () => void
}

/** The authenticator app. */
export function SecondFactorSection({ onSetUp }: SecondFactorSectionProps) {
  const { account } = useApi()
  const queries = useQueryClient()
  const [doing, setDoing] = useState<'setUp' | 'newCodes' | 'turnOff' | null>(null)
  const factor = useQuery({ queryKey: ['second-factor'], queryFn: account.secondFactor })
  const close = (): void => {
    setDoing(null)
    void queries.invalidateQueries({ queryKey: ['second-factor'] })
  }
  return (
    <Section
      title="Authenticator app"
      aside={
        factor.data?.totp === true && (
          <span className="card-state link-online">
            <IconShieldCheck size={18} stroke={1.8} aria-hidden="true" /> On
          </span>
        )
      }
    >
      {factor.data === undefined ? (
        <ProblemAlert error={factor.error} />
      ) : factor.data.totp ? (
        <TurnedOn factor={factor.data} onNewCodes={() => setDoing('newCodes')} onTurnOff={() => setDoing('turnOff')} />
      ) : (
        <>
          <p>
            With an app on your phone, signing in takes a code besides the password: whoever learns the password alone
            stays out.
          </p>
          <div className="row">
            <Button onClick={() => setDoing('setUp')}>Set up an app</Button>
          </div>
        </>
      )}
      <TotpDialog
        opened={doing === 'setUp'}
        onClose={close}
        onSetUp={() => {
          close()
          onSetUp?.()
        }}
      />
      <NewBackupCodesDialog opened={doing === 'newCodes'} onClose={close} />
      <TurnOffDialog
        opened={doing === 'turnOff'}
        isLastRequired={factor.data?.required === true && factor.data.passkeys.length === 0}
        onClose={close}
      />
    </Section>
  )
}

interface TurnedOnProps {
  readonly factor: SecondFactorView
  readonly onNewCodes: () => void
  readonly onTurnOff: () => void
}

const fewCodes = 3

function TurnedOn({ factor: { backupCodesLeft }, onNewCodes, onTurnOff }: TurnedOnProps) {
  return (
    <>
      {backupCodesLeft <= fewCodes ? (
        <Alert color="brass" role="note" title={`${codesInWords(backupCodesLeft)} left`}>
          Make new ones before the last is used: without your phone they are the only way in.
        </Alert>
      ) : (
        <p className="soft">{codesInWords(backupCodesLeft)} left, for when your phone is not there.</p>
      )}
      <div className="row">
        <Button variant="default" onClick={onNewCodes}>
          New back-up codes
        </Button>
        <Button variant="default" onClick={onTurnOff}>
          Turn off
        </Button>
      </div>
    </>
  )
}

function codesInWords(left: number): string {
  if (left === 0) return 'No back-up code'
  return left === 1 ? 'One back-up code' : `${left} back-up codes`
}
