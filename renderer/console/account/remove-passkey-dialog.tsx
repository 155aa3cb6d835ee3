import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { SecondFactorView } from '#protocol/account.ts'
import { ConfirmDialog } from '../../mantine/confirm-dialog.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'

interface RemovePasskeyDialogProps {
  /** The passkey in question; closed without one. */
  readonly passkey: SecondFactorView['passkeys'][number] | null
  readonly onClose: () => void
}

export function RemovePasskeyDialog({ passkey, onClose }: RemovePasskeyDialogProps) {
  const { passkeys } = useApi()
  const queries = useQueryClient()
  const remove = async (): Promise<string | null> => {
    if (passkey === null) return null
    try {
      await passkeys.remove(passkey.id)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['second-factor'] })
    notifications.show({ message: `The passkey ${passkey.name} has been removed.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={passkey !== null}
      title={`Remove ${passkey?.name ?? ''}?`}
      action="Remove"
      dangerous
      onConfirm={remove}
      onClose={onClose}
    >
      <p>Nobody can sign in with it any more. The device may still offer it: delete it there as well.</p>
    </ConfirmDialog>
  )
}
