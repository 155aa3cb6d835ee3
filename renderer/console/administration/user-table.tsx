import { ActionIcon, Menu } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import type { Me } from '#protocol/api.ts'
import type { UserView } from '#protocol/users.ts'
import { ago, moment } from '../../shared/time.ts'
import { roleNames } from '../permissions.ts'
import type { DoingToUser } from './users-page.tsx'

interface UserTableProps {
  readonly users: readonly UserView[]
  readonly me: Me
  readonly now: number
  readonly onDo: (doing: DoingToUser) => void
}

export function UserTable({ users, me, now, onDo }: UserTableProps) {
  return (
    <table className="table" aria-label="Users">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Role</th>
          <th scope="col">Second factor</th>
          <th scope="col">Last signed in</th>
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id}>
            <th scope="row" className="wrap">
              {user.name}
              {user.id === me.id && <span className="soft"> (you)</span>}
              <span className="table-under">{user.email}</span>
              <State user={user} now={now} />
            </th>
            <td>{roleNames[user.role]}</td>
            <td>{secondFactors[user.secondFactor]}</td>
            <td>{user.lastSignInAt === null ? 'Never' : ago(Date.parse(user.lastSignInAt), now)}</td>
            <td className="table-actions">
              <UserMenu user={user} isSelf={user.id === me.id} now={now} onDo={(deed) => onDo({ deed, user })} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const secondFactors = {
  none: 'None',
  totp: 'App',
  passkey: 'Passkey',
  both: 'App and passkey',
} as const satisfies Record<UserView['secondFactor'], string>

function State({ user, now }: { readonly user: UserView; readonly now: number }) {
  if (user.disabled) return <span className="table-state">Disabled</span>
  if (!isLocked(user, now)) return null
  return (
    <span className="table-state outcome-refused">Locked until {moment(Date.parse(user.lockedUntil ?? ''), now)}</span>
  )
}

function isLocked({ lockedUntil }: UserView, now: number): boolean {
  return lockedUntil !== null && Date.parse(lockedUntil) > now
}

interface UserMenuProps {
  readonly user: UserView
  readonly isSelf: boolean
  readonly now: number
  readonly onDo: (deed: DoingToUser['deed']) => void
}

function UserMenu({ user, isSelf, now, onDo }: UserMenuProps) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More for ${user.name}`}>
          <IconDots size={20} stroke={1.6} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onDo('change')}>Change name or role</Menu.Item>
        {isLocked(user, now) && <Menu.Item onClick={() => onDo('unlock')}>Unlock</Menu.Item>}
        {!isSelf && <Menu.Item onClick={() => onDo('reset-password')}>Reset password</Menu.Item>}
        {!isSelf && user.secondFactor !== 'none' && (
          <Menu.Item onClick={() => onDo('reset-second-factor')}>Reset second factor</Menu.Item>
        )}
        {!isSelf && <Menu.Item onClick={() => onDo('sessions')}>Where they are signed in</Menu.Item>}
        <Menu.Item onClick={() => onDo('sign-out')}>Sign out everywhere</Menu.Item>
        {user.disabled && <Menu.Item onClick={() => onDo('enable')}>Enable</Menu.Item>}
        {!isSelf && <Menu.Divider />}
        {!isSelf && !user.disabled && (
          <Menu.Item className="menu-danger" onClick={() => onDo('disable')}>
            Disable
          </Menu.Item>
        )}
        {!isSelf && (
          <Menu.Item className="menu-danger" onClick={() => onDo('remove')}>
            Remove
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
