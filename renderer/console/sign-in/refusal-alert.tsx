import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { asApiError } from '../api-error.ts'
import { PasskeyAddress } from '../passkey-address.tsx'
import { canUsePasskeys } from '../passkeys.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import type { RetryAfter } from './use-retry-after.ts'

/** What was refused; after too many attempts, with the time that is left. */
export function RefusalAlert({ error, retry }: { readonly error: unknown; readonly retry: RetryAfter }) {
  if (error !== null && asApiError(error).is('second_factor_required')) return <PasskeyNeeded />
  if (retry.left === null) return <ProblemAlert error={error} />
  return (
    <Alert color="red" role="alert" title={asApiError(error).title} icon={<IconAlertTriangle aria-hidden="true" />}>
      {/* Not read out at every second. */}
      <span role="timer" aria-live="off">
        {retry.waits ? `You can try again in ${retry.left}.` : 'You can try again now.'}
      </span>
    </Alert>
  )
}

/** The account must have two factors, and its second one is a passkey. */
function PasskeyNeeded() {
  return (
    <Alert color="brass" role="alert" title="Sign in with your passkey">
      This account is not opened with a password alone.{' '}
      {canUsePasskeys() ? 'Use the button below.' : <PasskeyAddress path={window.location.pathname} />}
    </Alert>
  )
}
