import { Button, Group, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { channelName } from '#protocol/channel.ts'
import { Dialog } from '../mantine/dialog.tsx'
import { focusFault } from '../mantine/focus-fault.ts'
import { useApi } from './api-context.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { type Draft, draftData, draftErrors } from './publication-draft.ts'

interface PublishDialogProps {
  readonly opened: boolean
  /** The channel the form begins with. */
  readonly channel: string
  readonly onClose: () => void
}

export function PublishDialog({ opened, channel, onClose }: PublishDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Publish" wide>
      <PublishForm key={channel} channel={channel} onClose={onClose} />
    </Dialog>
  )
}

function PublishForm({ channel, onClose }: Pick<PublishDialogProps, 'channel' | 'onClose'>) {
  const api = useApi()
  const form = useForm<Draft>({
    initialValues: { channel, kind: 'message', title: '', message: '', json: '{\n  "message": ""\n}' },
    validate: draftErrors,
  })
  const publish = useMutation({
    mutationFn: (draft: Draft) => api.publish(channelName.parse(draft.channel.trim()), draftData(draft)),
    onSuccess: (_nothing, draft) => {
      notifications.show({ message: `Published to ${draft.channel.trim()}.` })
      onClose()
    },
  })
  return (
    <form noValidate onSubmit={form.onSubmit((draft) => publish.mutate(draft), focusFault)}>
      <Stack gap="md">
        <TextInput label="Channel" autoComplete="off" spellCheck={false} {...form.getInputProps('channel')} />
        <SegmentedControl
          aria-label="Kind of content"
          data={[
            { value: 'message', label: 'Message' },
            { value: 'json', label: 'JSON' },
          ]}
          {...form.getInputProps('kind')}
        />
        {form.values.kind === 'message' ? (
          <>
            <TextInput label="Title" description="Optional" maxLength={120} {...form.getInputProps('title')} />
            <Textarea
              label="Message"
              autosize
              minRows={3}
              maxRows={8}
              data-autofocus
              {...form.getInputProps('message')}
            />
          </>
        ) : (
          <Textarea
            label="JSON"
            description="Any JSON up to 64 KiB"
            autosize
            minRows={5}
            maxRows={10}
            spellCheck={false}
            classNames={{ input: 'json-input' }}
            {...form.getInputProps('json')}
          />
        )}
        <ProblemAlert error={publish.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={publish.isPending}>
            Publish
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
