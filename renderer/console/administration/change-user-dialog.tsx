import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { personName } from '#protocol/api.ts'
import { type PersonRole, personRole } from '#protocol/roles.ts'
import type { UserView } from '#protocol/users.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { fieldErrors } from '../../mantine/field-errors.ts'
import { focusFault } from '../../mantine/focus-fault.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { RoleField } from './role-field.tsx'

interface ChangeUserDialogProps {
  /** The account in question; closed without one. */
  readonly user: UserView | null
  readonly isSelf: boolean
  readonly onClose: () => void
}

export function ChangeUserDialog({ user, isSelf, onClose }: ChangeUserDialogProps) {
  return (
    <Dialog opened={user !== null} onClose={onClose} title={`Change ${user?.name ?? ''}`} wide>
      {user !== null && <ChangeUserForm key={user.id} user={user} isSelf={isSelf} onClose={onClose} />}
    </Dialog>
  )
}

type ChangeUserFormProps = ChangeUserDialogProps & { readonly user: UserView }

function ChangeUserForm({ user, isSelf, onClose }: ChangeUserFormProps) {
  const api = useApi()
  const queries = useQueryClient()
  const form = useForm<{ name: string; role: PersonRole }>({
    initialValues: { name: user.name, role: personRole.parse(user.role) },
    validate: ({ name }) => {
      const wrong = fieldErrors(personName, name)['']
      return wrong === undefined ? {} : { name: wrong }
    },
  })
  const change = useMutation({
    mutationFn: ({ name, role }: typeof form.values) =>
      api.administration.changeUser(user.id, { name: name.trim(), ...(role === user.role ? {} : { role }) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] })
      if (isSelf) await queries.invalidateQueries({ queryKey: ['me'] })
      notifications.show({ message: `${form.values.name.trim()} has been changed.` })
      onClose()
    },
    onError: (error) => form.setErrors({ ...asApiError(error).fields }),
  })
  return (
    <form noValidate onSubmit={form.onSubmit((values) => change.mutate(values), focusFault)}>
      <Stack gap="md">
        <TextInput label="Name" autoComplete="off" data-autofocus {...form.getInputProps('name')} />
        <RoleField
          {...form.getInputProps('role')}
          disabled={isSelf}
          {...(isSelf ? { description: 'Another administrator can change your role.' } : {})}
        />
        <ProblemAlert error={change.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
