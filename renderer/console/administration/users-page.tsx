import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { UserView } from '#protocol/users.ts'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { MoreButton } from '../more-button.tsx'
import { NotAllowed } from '../not-allowed.tsx'
import { mayAdminister } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { SearchField } from '../search-field.tsx'
import { useList } from '../use-list.ts'
import { AddUserDialog } from './add-user-dialog.tsx'
import { ChangeUserDialog } from './change-user-dialog.tsx'
import { ResetPasswordDialog } from './reset-password-dialog.tsx'
import { type UserDeed, UserDeedDialog } from './user-deed-dialog.tsx'
import { UserSessionsDialog } from './user-sessions-dialog.tsx'
import { UserTable } from './user-table.tsx'

/** What is being done to one account. */
export interface DoingToUser {
  readonly deed: UserDeed | 'change' | 'reset-password' | 'sessions'
  readonly user: UserView
}

/** The people who may sign in. */
export function UsersPage({ me }: { readonly me: Me }) {
  return mayAdminister(me) ? (
    <Users me={me} />
  ) : (
    <NotAllowed title="Users">Administrators look after the accounts. Ask one of them.</NotAllowed>
  )
}

function Users({ me }: { readonly me: Me }) {
  const api = useApi()
  const now = useNow(10_000)
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const [adding, setAdding] = useState(false)
  const [doing, setDoing] = useState<DoingToUser | null>(null)
  const users = useList(['users', search], (cursor) => api.administration.users(search, cursor), { refetchMs: 15_000 })
  const close = () => setDoing(null)
  const userOf = (...deeds: readonly DoingToUser['deed'][]) =>
    doing !== null && deeds.includes(doing.deed) ? doing.user : null

  return (
    <>
      <div className="page-head">
        <h1>Users</h1>
        <div className="page-tools">
          <SearchField label="Search users" placeholder="Name or e-mail" value={typed} onChange={setTyped} />
          <Button leftSection={<IconPlus size={18} stroke={1.8} aria-hidden="true" />} onClick={() => setAdding(true)}>
            Add a user
          </Button>
        </div>
      </div>
      {users.data === undefined && <ProblemAlert error={users.error} />}
      {users.data !== undefined && users.items.length === 0 && (
        <div className="empty" role="status">
          <h2>Nobody found</h2>
          <p>No account has “{search}” in its name or e-mail address.</p>
        </div>
      )}
      {users.items.length > 0 && <UserTable users={users.items} me={me} now={now} onDo={setDoing} />}
      <MoreButton list={users} of="users" />
      <AddUserDialog opened={adding} onClose={() => setAdding(false)} />
      <ChangeUserDialog user={userOf('change')} isSelf={doing?.user.id === me.id} onClose={close} />
      <ResetPasswordDialog user={userOf('reset-password')} onClose={close} />
      <UserSessionsDialog user={userOf('sessions')} onClose={close} />
      <UserDeedDialog doing={isDeed(doing) ? doing : null} onClose={close} />
    </>
  )
}

function isDeed(doing: DoingToUser | null): doing is { deed: UserDeed; user: UserView } {
  return doing !== null && doing.deed !== 'change' && doing.deed !== 'reset-password' && doing.deed !== 'sessions'
}
