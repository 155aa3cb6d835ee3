import { Alert, Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { keyRequest, usualKeyDays } from '#protocol/keys.ts'
import { type KeyScope, keyScopes } from '#protocol/roles.ts'
import { Dialog } from '../mantine/dialog.tsx'
import { fieldErrors } from '../mantine/field-errors.ts'
import { focusFault } from '../mantine/focus-fault.ts'
import { ShownOnce } from '../mantine/shown-once.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { CopyField } from './copy-field.tsx'
import { ProblemAlert } from './problem-alert.tsx'

interface NewKeyDialogProps {
  readonly opened: boolean
  /** What the key may be given. Default: everything. */
  readonly scopes?: readonly KeyScope[]
  readonly onClose: () => void
}

export function NewKeyDialog({ opened, scopes = keyScopes, onClose }: NewKeyDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="New key" wide>
      <NewKeyForm scopes={scopes} onClose={onClose} />
    </Dialog>
  )
}

interface Draft {
  name: string
  scopes: KeyScope[]
  days: string
}

function NewKeyForm({ scopes, onClose }: Required<Pick<NewKeyDialogProps, 'scopes' | 'onClose'>>) {
  const api = useApi()
  const queries = useQueryClient()
  const form = useForm<Draft>({
    initialValues: { name: '', scopes: [], days: String(usualKeyDays) },
    validate: ({ name, scopes: chosen }) => fieldErrors(keyRequest, { name, scopes: chosen }),
  })
  const create = useMutation({
    mutationFn: ({ name, scopes: chosen, days }: Draft) =>
      api.account.createKey({ name: name.trim(), scopes: chosen, ...endsIn(days) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
    onError: (error) => form.setErrors({ ...asApiError(error).fields }),
  })
  if (create.data !== undefined) return <NewKeyNote secret={create.data.key} onClose={onClose} />
  return (
    <form noValidate onSubmit={form.onSubmit((draft) => create.mutate(draft), focusFault)}>
      <Stack gap="md">
        <TextInput
          label="Name"
          description="After what will use it: weather, billing"
          autoComplete="off"
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Checkbox.Group label="It may" {...form.getInputProps('scopes')}>
          <Stack gap="xs" mt="xs">
            {scopes.map((scope) => (
              <Checkbox key={scope} value={scope} label={scope} description={meanings[scope]} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Select label="Ends" data={lifetimes} allowDeselect={false} {...form.getInputProps('days')} />
        <ProblemAlert error={create.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function NewKeyNote({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <ShownOnce>
      <CopyField label="Key" value={secret} />
      <Alert color="yellow">Keep it now, where passwords are kept: it is not shown again.</Alert>
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </ShownOnce>
  )
}

const lifetimes = [
  { value: '30', label: 'In 30 days' },
  { value: String(usualKeyDays), label: `In ${usualKeyDays} days` },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
]

function endsIn(days: string): { expiresAt?: string } {
  return days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * 24 * 60 * 60 * 1000).toISOString() }
}

const meanings = {
  publish: 'Send to channels and screens',
  subscribe: 'Read channels and their history',
  devices: 'See and remove screens, and ask them for a new credential',
  tasks: 'Run tasks, and follow and cancel its own',
  metrics: 'Read the figures of monitoring',
  admin: 'Everything an administrator may do',
} as const satisfies Record<KeyScope, string>
