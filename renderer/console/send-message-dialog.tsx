import { Button, Group, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import type { DeviceView } from '#protocol/devices.ts'
import { messageToShow } from '#protocol/screen.ts'
import { Dialog } from '../mantine/dialog.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { focusFault } from '../mantine/focus-fault.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { useSend } from './screens/use-commands.ts'

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
  const form = useForm({
    initialValues: { title: '', message: '' },
    validate: (values) => fieldErrors(messageToShow, messageOf(values)),
  })
  const send = useSend(device.id)
  const onSent = (): void => {
    const later = `${device.name} is offline and shows the message when it is back.`
    notifications.show({ message: device.online ? `Sent to ${device.name}.` : later })
    onClose()
  }
  const submit = form.onSubmit(
    (values) => send.mutate({ command: 'show', args: messageOf(values), expiresIn: week }, { onSuccess: onSent }),
    focusFault,
  )
  const { length } = form.values.message
  return (
    <form noValidate onSubmit={submit}>
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

/** A screen that is off shows it when it comes back within this time, in seconds. */
const week = 604_800

function messageOf({ title, message }: { readonly title: string; readonly message: string }) {
  const heading = title.trim()
  return { message: message.trim(), ...(heading === '' ? {} : { title: heading }) }
}
