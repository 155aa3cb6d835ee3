import type { UserView } from '#protocol/users.ts'
import { useApi } from '../api-context.ts'
import type { UserAction } from './administration-api.ts'
import { DeedDialog, type DeedWords } from './deed-dialog.tsx'

/** What is done to an account once somebody has said yes. */
export type UserDeed = UserAction | 'remove'

interface UserDeedDialogProps {
  /** Closed without one. */
  readonly doing: { readonly deed: UserDeed; readonly user: UserView } | null
  readonly onClose: () => void
}

export function UserDeedDialog({ doing, onClose }: UserDeedDialogProps) {
  const { administration } = useApi()
  const perform = async (): Promise<void> => {
    if (doing === null) return
    const { deed, user } = doing
    await (deed === 'remove' ? administration.removeUser(user.id) : administration.userAction(user.id, deed))
  }
  return (
    <DeedDialog
      opened={doing !== null}
      words={deeds[doing?.deed ?? 'sign-out']}
      name={doing?.user.name ?? ''}
      list="users"
      perform={perform}
      onClose={onClose}
    />
  )
}

const deeds: Readonly<Record<UserDeed, DeedWords>> = {
  disable: {
    title: (name) => `Disable ${name}?`,
    action: 'Disable',
    dangerous: true,
    text: 'They are signed out everywhere at once, their keys and the services they have let in stop working, and they cannot sign in until you enable the account again.',
    done: (name) => `${name} is disabled.`,
  },
  enable: {
    title: (name) => `Enable ${name}?`,
    action: 'Enable',
    dangerous: false,
    text: 'They can sign in again, with the password and second factor they had.',
    done: (name) => `${name} can sign in again.`,
  },
  unlock: {
    title: (name) => `Unlock ${name}?`,
    action: 'Unlock',
    dangerous: false,
    text: 'Passwords are tried again at once. Look into the audit record first: somebody may be guessing.',
    done: (name) => `${name} is unlocked.`,
  },
  'sign-out': {
    title: (name) => `Sign ${name} out everywhere?`,
    action: 'Sign out',
    dangerous: true,
    text: 'All their browsers and programs have to sign in again, and services they have let in have to ask them again. Their keys go on.',
    done: (name) => `${name} has been signed out everywhere.`,
  },
  'reset-second-factor': {
    title: (name) => `Reset the second factor of ${name}?`,
    action: 'Reset',
    dangerous: true,
    text: 'Their authenticator app, back-up codes and passkeys stop working; where they are signed in they stay so. Be sure that it is really they who ask. If a telephone was stolen, sign them out everywhere as well.',
    done: (name) => `The second factor of ${name} has been reset.`,
  },
  remove: {
    title: (name) => `Remove ${name}?`,
    action: 'Remove',
    dangerous: true,
    text: 'The account goes for good, with its sessions, keys and stars. What they did stays in the audit record. To keep somebody out for a while, disable the account instead.',
    done: (name) => `${name} has been removed.`,
  },
}
