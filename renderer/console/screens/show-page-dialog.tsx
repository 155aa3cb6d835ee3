import { Button, Group, Select, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { deviceCommandRequest } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { fieldErrors } from '../../mantine/field-errors.ts'
import { focusFault } from '../../mantine/focus-fault.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { useSend } from './use-commands.ts'

interface ShowPageDialogProps {
  readonly device: DeviceView
  readonly opened: boolean
  readonly onClose: () => void
}

export function ShowPageDialog({ device, opened, onClose }: ShowPageDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title={`Show a page on ${device.name}`} wide>
      <PageForm device={device} onClose={onClose} />
    </Dialog>
  )
}

/** How long a screen that is off may still be told. */
const waits = [
  { value: '60', label: 'No: it has a minute' },
  { value: '3600', label: 'For an hour' },
  { value: '86400', label: 'For a day' },
  { value: '604800', label: 'For a week' },
]

function PageForm({ device, onClose }: Pick<ShowPageDialogProps, 'device' | 'onClose'>) {
  const send = useSend(device.id)
  const form = useForm({
    initialValues: { url: '', expiresIn: device.online ? '60' : '3600' },
    validate: (values) => {
      const errors = fieldErrors(deviceCommandRequest, request(values))
      const url = errors['args.url'] ?? errors.args
      return url === undefined ? {} : { url }
    },
  })
  return (
    <form
      noValidate
      onSubmit={form.onSubmit((values) => send.mutate(request(values), { onSuccess: onClose }), focusFault)}
    >
      <Stack gap="md">
        <TextInput
          label="Address"
          description="The screen shows pages of the origins that it is allowed, and refuses others."
          placeholder="https://signs.example.org/today"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          {...form.getInputProps('url')}
        />
        <Select
          label="Should it wait for the screen?"
          data={waits}
          allowDeselect={false}
          // Within the dialog, and not cut off by it.
          comboboxProps={{ withinPortal: false, floatingStrategy: 'fixed' }}
          {...form.getInputProps('expiresIn')}
        />
        <ProblemAlert error={send.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            Show
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** An address without its beginning is meant to be one of the web. */
function request({ url, expiresIn }: { readonly url: string; readonly expiresIn: string }) {
  const typed = url.trim()
  const whole = /^[a-z]+:/i.test(typed) || typed === '' ? typed : `https://${typed}`
  return { command: 'show' as const, args: { url: whole }, expiresIn: Number(expiresIn) }
}
