import { Button, Group, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { newPin } from '#protocol/device-settings.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { PasswordField } from '../../mantine/password-field.tsx'
import { useApi } from '../api-context.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { screenKey } from './use-live-screen.ts'

interface PinDialogProps {
  readonly device: DeviceView
  readonly opened: boolean
  readonly onClose: () => void
}

export function PinDialog({ device, opened, onClose }: PinDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title={`PIN of ${device.name}`}>
      <PinForm device={device} onClose={onClose} />
    </Dialog>
  )
}

function PinForm({ device, onClose }: Pick<PinDialogProps, 'device' | 'onClose'>) {
  const { screens } = useApi()
  const queries = useQueryClient()
  const [pin, setPin] = useState('')
  const [error, setError] = useState<string | null>(null)
  const save = useMutation({
    mutationFn: (given: string | null) => screens.setPin(device.id, given),
    onSuccess: (_, given) => {
      void queries.invalidateQueries({ queryKey: screenKey(device.name) })
      const when = device.online ? 'from now on' : 'when it is online again'
      notifications.show({
        message:
          given === null
            ? `The pane of ${device.name} has no PIN ${when}.`
            : `The new PIN of ${device.name} is good ${when}.`,
      })
      onClose()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const checked = newPin.safeParse(pin)
    if (checked.success) save.mutate(checked.data)
    else setError(checked.error.issues[0]?.message ?? 'Give another PIN.')
  }
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <p className="soft">
          Support staff open the pane at the screen with it. It is shown nowhere later: tell it to those who need it.
        </p>
        <PasswordField
          label="New PIN"
          description="6 to 12 digits"
          inputMode="numeric"
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the PIN' }}
          maxLength={12}
          data-autofocus
          value={pin}
          error={error}
          onChange={({ currentTarget }) => {
            setPin(currentTarget.value)
            setError(null)
          }}
        />
        <ProblemAlert error={save.error} />
        <Group justify="flex-end" gap="sm">
          {device.pin && (
            <Button variant="subtle" color="red" className="screen-aside" onClick={() => save.mutate(null)}>
              Take the PIN away
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            Set the PIN
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
