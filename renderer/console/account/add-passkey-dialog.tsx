import { Button, Group, Stack, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { personName } from '#protocol/api.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { createPasskey } from '../passkeys.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { useSignOut } from '../use-sign-out.ts'

interface AddPasskeyDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
  readonly onAdded?: (() => void) | undefined
}

export function AddPasskeyDialog({ opened, onClose, onAdded }: AddPasskeyDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Add a passkey">
      <AddPasskeyForm onClose={onClose} onAdded={onAdded} />
    </Dialog>
  )
}

function AddPasskeyForm({ onClose, onAdded }: Omit<AddPasskeyDialogProps, 'opened'>) {
  const { passkeys } = useApi()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [invalid, setInvalid] = useState<string | null>(null)
  const add = useMutation({
    mutationFn: (chosen: string) => createPasskey(passkeys, chosen),
    onSuccess: async (made, chosen) => {
      if (!made) return
      await queries.invalidateQueries({ queryKey: ['second-factor'] })
      notifications.show({ message: `The passkey ${chosen} has been added.` })
      onClose()
      onAdded?.()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const checked = personName.safeParse(name)
    if (checked.success) add.mutate(checked.data)
    else setInvalid(checked.error.issues[0]?.message ?? 'Give a name.')
  }
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Name of the passkey"
          description="After the device that holds it: laptop, phone"
          autoComplete="off"
          maxLength={120}
          data-autofocus
          value={name}
          error={invalid}
          onChange={({ currentTarget }) => {
            setName(currentTarget.value)
            setInvalid(null)
          }}
        />
        {add.data === false && <p role="status">The browser made no passkey. Try again when you are ready.</p>}
        <ProblemAlert error={add.error} />
        {add.error !== null && asApiError(add.error).is('forbidden') && <SignInAgain />}
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

/** Passkeys are added soon after signing in, so that nobody adds one at a screen that was left open. */
function SignInAgain() {
  const signOut = useSignOut()
  return (
    <div className="row">
      <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign in again
      </Button>
    </div>
  )
}
