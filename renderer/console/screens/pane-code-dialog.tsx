import { Button, Group, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { DeviceView } from '#protocol/devices.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { clockTime } from '../../shared/time.ts'
import { useApi } from '../api-context.ts'
import { CopyField } from '../copy-field.tsx'
import { ProblemAlert } from '../problem-alert.tsx'

interface PaneCodeDialogProps {
  readonly device: DeviceView
  readonly opened: boolean
  readonly onClose: () => void
}

/** A code for whoever stands before the screen, made only once somebody asks for it. */
export function PaneCodeDialog({ device, opened, onClose }: PaneCodeDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title={`Code for the pane of ${device.name}`}>
      <PaneCode device={device} onClose={onClose} />
    </Dialog>
  )
}

function PaneCode({ device, onClose }: Pick<PaneCodeDialogProps, 'device' | 'onClose'>) {
  const { screens } = useApi()
  const make = useMutation({ mutationFn: () => screens.paneCode(device.id) })
  return (
    <Stack gap="md">
      <p className="soft">
        Five taps in the upper left corner of the screen, or Ctrl+Alt+Shift+A, open its pane. The code lets somebody in
        once, within five minutes, while the screen is online.
      </p>
      {make.data !== undefined && (
        <CopyField label={`Code, good until ${clockTime(Date.parse(make.data.expiresAt))}`} value={make.data.code} />
      )}
      <ProblemAlert error={make.error} />
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button loading={make.isPending} data-autofocus onClick={() => make.mutate()}>
          {make.data === undefined ? 'Make a code' : 'Make another'}
        </Button>
      </Group>
    </Stack>
  )
}
