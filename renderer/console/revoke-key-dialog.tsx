import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { KeyView } from '#protocol/keys.ts'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'

interface RevokeKeyDialogProps {
  /** The key in question; closed without one. */
  readonly of: KeyView | null
  readonly onClose: () => void
}

export function RevokeKeyDialog({ of: key, onClose }: RevokeKeyDialogProps) {
  const api = useApi()
  const queries = useQueryClient()
  const revoke = async (): Promise<string | null> => {
    if (key === null) return null
    try {
      await api.account.revokeKey(key.id)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['keys'] })
    notifications.show({ message: `The key ${key.name} has been revoked.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={key !== null}
      title={`Revoke ${key?.name ?? ''}?`}
      action="Revoke"
      dangerous
      onConfirm={revoke}
      onClose={onClose}
    >
      <p>Whatever uses this key is refused at once, and its sockets close. It cannot be brought back.</p>
    </ConfirmDialog>
  )
}
