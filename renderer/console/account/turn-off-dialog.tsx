import { Alert } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import { IdentityForm } from './identity-form.tsx'

interface TurnOffDialogProps {
  readonly opened: boolean
  /** Whether the account must have a second factor, and this is the only one. */
  readonly isLastRequired: boolean
  readonly onClose: () => void
}

export function TurnOffDialog({ opened, isLastRequired, onClose }: TurnOffDialogProps) {
  const { account } = useApi()
  const turnOff = async (password: string, code?: string): Promise<void> => {
    await account.disableTotp(password, code)
    notifications.show({ message: 'The authenticator app is turned off.' })
    onClose()
  }
  return (
    <Dialog opened={opened} onClose={onClose} title="Turn the app off?">
      <IdentityForm action="Turn off" dangerous onSubmit={turnOff} onClose={onClose}>
        <p>Signing in takes the password alone then. The back-up codes stop working as well.</p>
        {isLastRequired && (
          <Alert color="brass" role="note">
            Your role must have a second factor: you will be asked to set one up again.
          </Alert>
        )}
      </IdentityForm>
    </Dialog>
  )
}
