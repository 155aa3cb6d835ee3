import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconChevronDown, IconLogout } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Me } from '#protocol/api.ts'
import { Brand } from '../mantine/brand.tsx'
import { LinkBanner, LinkStatus } from '../mantine/link-status.tsx'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { ClientPage } from './client-page.tsx'
import { ConnectionsPage } from './connections-page.tsx'
import { EnrolPage } from './enrol-page.tsx'
import { createLiveLink, type LiveLink } from './live-link.ts'
import { LivePage } from './live-page.tsx'
import { linkTo, useLocation } from './location.ts'
import { roleNames } from './permissions.ts'
import { ScreensPage } from './screens-page.tsx'
import { usePageFocus } from './use-page-focus.ts'

const pages = [
  { path: '/', label: 'Screens' },
  { path: '/live', label: 'Live' },
  { path: '/connections', label: 'Connections' },
] as const

/** Everything somebody sees who is signed in. */
export function Shell({ me }: { readonly me: Me }) {
  const link = useLiveLink(me.id)
  if (link === null) return null
  return <Page me={me} link={link} />
}

function Page({ me, link }: { readonly me: Me; readonly link: LiveLink }) {
  const { path, query } = useLocation()
  const content = useRef<HTMLElement>(null)
  usePageFocus(content, `${path}?${query}`)
  const state = useSyncExternalStore(link.subscribe, link.state)
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="bar">
        <a className="bar-brand" {...linkTo('/')}>
          <Brand />
        </a>
        <nav className="bar-nav" aria-label="Pages">
          {pages.map((page) => (
            <a
              key={page.path}
              className="bar-link"
              {...linkTo(page.path)}
              {...(page.path === path ? { 'aria-current': 'page' as const } : {})}
            >
              {page.label}
            </a>
          ))}
        </nav>
        <span className="bar-space" />
        <LinkStatus link={state} />
        <ThemeToggle />
        <AccountMenu me={me} />
      </header>
      <LinkBanner link={state} {...(isRefused(state) ? { onRetry: link.retry } : {})} />
      <main id="content" className="content" tabIndex={-1} ref={content}>
        {path === '/enrol' ? (
          <EnrolPage key={query.get('code')} me={me} code={query.get('code')} />
        ) : path === '/live' ? (
          <LivePage link={link} channel={query.get('channel')} />
        ) : path === '/connections' ? (
          <Connections me={me} client={query.get('client')} />
        ) : (
          <ScreensPage me={me} />
        )}
      </main>
    </div>
  )
}

function Connections({ me, client }: { readonly me: Me; readonly client: string | null }) {
  return client === null ? <ConnectionsPage me={me} /> : <ClientPage key={client} me={me} id={client} />
}

function isRefused(state: ReturnType<LiveLink['state']>): boolean {
  return state.phase === 'offline' && state.code === 'refused'
}

function AccountMenu({ me }: { readonly me: Me }) {
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
          leftSection={<IconLogout size={17} stroke={1.6} aria-hidden="true" />}
          onClick={() => signOut.mutate()}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** One socket for as long as somebody is signed in. */
function useLiveLink(userId: string): LiveLink | null {
  const api = useApi()
  const queries = useQueryClient()
  const [link, setLink] = useState<LiveLink | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another person needs another socket
  useEffect(() => {
    const url = new URL('/connection/websocket', window.location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const opened = createLiveLink({
      url: url.href,
      ticket: api.ticket,
      onSignedOut: () => void queries.invalidateQueries({ queryKey: ['me'] }),
    })
    setLink(opened)
    return () => opened.close()
  }, [api, queries, userId])
  return link
}
