import { Checkbox } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ClientView } from '#protocol/clients.ts'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'

interface DisconnectDialogProps {
  /** The connection in question; closed without one. */
  readonly client: ClientView | null
  readonly onClose: () => void
}

export function DisconnectDialog({ client, onClose }: DisconnectDialogProps) {
  const api = useApi()
  const queries = useQueryClient()
  const [staysAway, setStaysAway] = useState(false)
  const close = (): void => {
    setStaysAway(false)
    onClose()
  }
  const disconnect = async (): Promise<string | null> => {
    if (client === null) return null
    try {
      await api.disconnectClient(client.id, staysAway)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['client', client.id] })
    notifications.show({ message: `${client.name} has been disconnected.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={client !== null}
      title={`Disconnect ${client?.name ?? ''}?`}
      action="Disconnect"
      dangerous
      onConfirm={disconnect}
      onClose={close}
    >
      <p>The connection is closed at once. The client comes back by itself within seconds, with a new one.</p>
      <Checkbox
        mt="md"
        label="Stay away until it is started again"
        description="To keep somebody out for good, remove the screen, or disable the account: carillon user disable EMAIL."
        checked={staysAway}
        onChange={({ currentTarget }) => setStaysAway(currentTarget.checked)}
      />
    </ConfirmDialog>
  )
}
