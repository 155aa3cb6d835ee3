import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { KeyView } from '#protocol/keys.ts'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { hasExpired, verbFor } from './key-expiry.ts'

interface RevokeKeyDialogProps {
  /** The key in question; closed without one. */
  readonly of: KeyView | null
  readonly onClose: () => void
}

export function RevokeKeyDialog({ of: key, onClose }: RevokeKeyDialogProps) {
  const api = useApi()
  const queries = useQueryClient()
  const isOver = key !== null && hasExpired(key, Date.now())
  const verb = key === null ? '' : verbFor(key, Date.now())
  const revoke = async (): Promise<string | null> => {
    if (key === null) return null
    try {
      await api.account.revokeKey(key.id)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['keys'] })
    notifications.show({ message: `The key ${key.name} has been ${isOver ? 'removed' : 'revoked'}.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={key !== null}
      title={`${verb} ${key?.name ?? ''}?`}
      action={verb}
      dangerous
      onConfirm={revoke}
      onClose={onClose}
    >
      <p>
        {isOver
          ? 'It has expired and opens nothing any more. It leaves the list.'
          : 'Whatever uses this key is refused at once, and its sockets close. It cannot be brought back.'}
      </p>
    </ConfirmDialog>
  )
}
