import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { DeviceView } from '#protocol/devices.ts'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'

interface RemoveScreenDialogProps {
  /** The screen in question; closed without one. */
  readonly device: DeviceView | null
  readonly onClose: () => void
}

export function RemoveScreenDialog({ device, onClose }: RemoveScreenDialogProps) {
  const api = useApi()
  const queries = useQueryClient()
  const remove = async (): Promise<string | null> => {
    if (device === null) return null
    try {
      await api.removeDevice(device.id)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['devices'] })
    notifications.show({ message: `${device.name} has been removed.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={device !== null}
      title={`Remove ${device?.name ?? ''}?`}
      action="Remove"
      dangerous
      onConfirm={remove}
      onClose={onClose}
    >
      <p>It is disconnected at once and shows a new code. To use it again, somebody has to approve that code.</p>
    </ConfirmDialog>
  )
}
