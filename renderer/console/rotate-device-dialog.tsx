import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import type { DeviceView } from '#protocol/devices.ts'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'

interface RotateDeviceDialogProps {
  /** The screen in question; closed without one. */
  readonly device: DeviceView | null
  readonly onClose: () => void
}

export function RotateDeviceDialog({ device, onClose }: RotateDeviceDialogProps) {
  const api = useApi()
  const queries = useQueryClient()
  const rotate = async (): Promise<string | null> => {
    if (device === null) return null
    try {
      await api.administration.rotateDevice(device.id)
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['devices'] })
    notifications.show({ message: `${device.name} takes a new credential as soon as it is online.` })
    return null
  }
  return (
    <ConfirmDialog
      opened={device !== null}
      title={`New credential for ${device?.name ?? ''}?`}
      action="New credential"
      onConfirm={rotate}
      onClose={onClose}
    >
      <p>
        The screen reconnects and takes a new credential by itself; the one it has ends with that. If you think that
        somebody has copied it, remove the screen instead: that works at once, whoever has it.
      </p>
    </ConfirmDialog>
  )
}
