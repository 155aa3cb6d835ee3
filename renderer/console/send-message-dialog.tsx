import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { commandsChannel } from '#protocol/channel.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { messageToShow } from '#protocol/screen.ts'
import { Dialog } from '../mantine/dialog.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { useApi } from './api-context.ts'
import { ProblemAlert } from './problem-alert.tsx'

interface SendMessageDialogProps {
  /** The screen it goes to; closed without one. */
  readonly device: DeviceView | null
  readonly onClose: () => void
}

export function SendMessageDialog({ device, onClose }: SendMessageDialogProps) {
  return (
    <Dialog opened={device !== null} onClose={onClose} title={`Message to ${device?.name ?? ''}`} wide>
      {device !== null && <MessageForm device={device} onClose={onClose} />}
    </Dialog>
  )
}

/** Longest message, as the schema has it. */
const maxMessageLength = 2000

function MessageForm({ device, onClose }: { readonly device: DeviceView; readonly onClose: () => void }) {
  const api = useApi()
  const form = useForm({
    initialValues: { title: '', message: '' },
    validate: (values) => fieldErrors(messageToShow, command(values).show),
  })
  const send = useMutation({
    mutationFn: (values: { title: string; message: string }) =>
      api.publish(commandsChannel(device.name), command(values)),
    onSuccess: () => {
      const later = `${device.name} is offline and shows the message when it is back.`
      notifications.show({ message: device.online ? `Sent to ${device.name}.` : later })
      onClose()
    },
  })
  const { length } = form.values.message
  return (
    <form noValidate onSubmit={form.onSubmit((values) => send.mutate(values))}>
      <Stack gap="md">
        <TextInput
          label="Title"
          description="Optional, above the message"
          maxLength={120}
          {...form.getInputProps('title')}
        />
        <div>
          <Textarea
            label="Message"
            autosize
            minRows={4}
            maxRows={10}
            data-autofocus
            required
            withAsterisk={false}
            {...form.getInputProps('message')}
          />
          <p className={length > maxMessageLength ? 'counter counter-over' : 'counter'}>
            {length.toLocaleString('en')} of {maxMessageLength.toLocaleString('en')} characters
          </p>
        </div>
        <ProblemAlert error={send.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            Send
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function command({ title, message }: { title: string; message: string }) {
  const heading = title.trim()
  return { show: { message: message.trim(), ...(heading === '' ? {} : { title: heading }) } }
}
