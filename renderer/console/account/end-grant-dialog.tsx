import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { GrantView } from '#protocol/account.ts'
import { ConfirmDialog } from '../../mantine/confirm-dialog.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'

interface EndGrantDialogProps {
  /** The grant in question; closed without one. */
  readonly grant: GrantView | null
  readonly onClose: () => void
}

export function EndGrantDialog({ grant, onClose }: EndGrantDialogProps) {
  const { account } = useApi()
  const queries = useQueryClient()
  const end = async (): Promise<string | null> => {
    if (grant === null) return null
    try {
      await account.endGrant(grant.clientId)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['grants'] })
    notifications.show({ message: `${grant.name} may not act for you any more.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={grant !== null}
      title={`End access of ${grant?.name ?? ''}?`}
      action="End access"
      dangerous
      onConfirm={end}
      onClose={onClose}
    >
      <p>It is refused at once and asks you the next time it wants to act for you.</p>
    </ConfirmDialog>
  )
}
