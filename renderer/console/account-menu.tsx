import { Button, Menu } from '@mantine/core'
import { IconChevronDown, IconLogout, IconUserCircle } from '@tabler/icons-react'
import type { Me } from '#protocol/api.ts'
import { linkTo } from './location.ts'
import { roleNames } from './permissions.ts'
import { useSignOut } from './use-sign-out.ts'

export function AccountMenu({ me }: { readonly me: Me }) {
  const signOut = useSignOut()
  return (
    <Menu>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          className="account-button"
          rightSection={<IconChevronDown size={16} stroke={1.6} aria-hidden="true" />}
        >
          <span className="account-lines">
            <span className="visually-hidden">Account: </span>
            <span className="account-name">{me.name}</span>
            <span className="account-role">{roleNames[me.role]}</span>
          </span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {me.email !== null && <Menu.Label>{me.email}</Menu.Label>}
        <Menu.Item
          component="a"
          leftSection={<IconUserCircle size={17} stroke={1.6} aria-hidden="true" />}
          {...linkTo('/account')}
        >
          My account
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={17} stroke={1.6} aria-hidden="true" />}
          onClick={() => signOut.mutate()}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
