import { Button, Group, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { UserView } from '#protocol/users.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { PasswordLinkNote } from './password-link-note.tsx'

interface ResetPasswordDialogProps {
  /** The account in question; closed without one. */
  readonly user: UserView | null
  readonly onClose: () => void
}

export function ResetPasswordDialog({ user, onClose }: ResetPasswordDialogProps) {
  return (
    <Dialog opened={user !== null} onClose={onClose} title={`Reset the password of ${user?.name ?? ''}?`} wide>
      {user !== null && <ResetPassword key={user.id} user={user} onClose={onClose} />}
    </Dialog>
  )
}

function ResetPassword({ user, onClose }: { readonly user: UserView; readonly onClose: () => void }) {
  const api = useApi()
  const reset = useMutation({ mutationFn: () => api.administration.resetPassword(user.id) })
  if (reset.data !== undefined) return <PasswordLinkNote link={reset.data} name={user.name} onClose={onClose} />
  return (
    <Stack gap="md">
      <p>
        Their password stops working and they are signed out everywhere at once. You get a link with which they choose
        another one.
      </p>
      <ProblemAlert error={reset.error} />
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onClose} data-autofocus>
          Cancel
        </Button>
        <Button color="red" loading={reset.isPending} onClick={() => reset.mutate()}>
          Reset
        </Button>
      </Group>
    </Stack>
  )
}
