import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { PersonRole } from '#protocol/roles.ts'
import { userRequest } from '#protocol/users.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { fieldErrors } from '../../mantine/field-errors.ts'
import { focusFault } from '../../mantine/focus-fault.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { PasswordLinkNote } from './password-link-note.tsx'
import { RoleField } from './role-field.tsx'

interface AddUserDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
}

export function AddUserDialog({ opened, onClose }: AddUserDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Add a user" wide>
      <AddUserForm onClose={onClose} />
    </Dialog>
  )
}

const fields = userRequest.pick({ email: true, role: true }).extend({ name: userRequest.shape.name.unwrap() })

function AddUserForm({ onClose }: Pick<AddUserDialogProps, 'onClose'>) {
  const api = useApi()
  const queries = useQueryClient()
  const form = useForm<{ name: string; email: string; role: PersonRole }>({
    initialValues: { name: '', email: '', role: 'viewer' },
    validate: (values) => fieldErrors(fields, { ...values, email: values.email.trim() }),
  })
  const add = useMutation({
    mutationFn: ({ name, email, role }: typeof form.values) =>
      api.administration.addUser({ name: name.trim(), email: email.trim(), role }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['users'] }),
    onError: (error) => form.setErrors({ ...asApiError(error).fields }),
  })
  if (add.data !== undefined) return <PasswordLinkNote link={add.data} name={form.values.name} onClose={onClose} />
  return (
    <form noValidate onSubmit={form.onSubmit((values) => add.mutate(values), focusFault)}>
      <Stack gap="md">
        <TextInput label="Name" autoComplete="off" data-autofocus {...form.getInputProps('name')} />
        <TextInput label="E-mail" type="email" autoComplete="off" spellCheck={false} {...form.getInputProps('email')} />
        <RoleField {...form.getInputProps('role')} />
        <p className="soft">They choose a password with a link that you get next.</p>
        <ProblemAlert error={add.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
