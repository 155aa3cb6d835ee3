import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconChevronDown, IconLogout, IconUserCircle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Me } from '#protocol/api.ts'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { linkTo } from './location.ts'
import { roleNames } from './permissions.ts'

export function AccountMenu({ me }: { readonly me: Me }) {
  const api = useApi()
  const queries = useQueryClient()
  const signOut = useMutation({
    mutationFn: api.signOut,
    onSuccess: () => {
      queries.setQueryData(['me'], null)
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
    },
    onError: (error) => notifications.show({ color: 'red', message: asApiError(error).message }),
  })
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
