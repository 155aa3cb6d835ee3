import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Me } from '#protocol/api.ts'
import { Brand } from '../mantine/brand.tsx'
import { LinkBanner, LinkStatus } from '../mantine/link-status.tsx'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'
import { FactorBanner } from './account/factor-banner.tsx'
import { AccountMenu } from './account-menu.tsx'
import { useApi } from './api-context.ts'
import { createLiveLink, type LiveLink } from './live-link.ts'
import { linkTo, useLocation } from './location.ts'
import { NavigationBar } from './navigation-bar.tsx'
import { ShellPage } from './shell-page.tsx'
import { usePageFocus } from './use-page-focus.ts'

interface ShellProps {
  readonly me: Me
  /** Until when a second factor has to be set up, if one has to. */
  readonly dueAt: number | null
}

/** The console, with its header and its socket. */
export function Shell({ me, dueAt }: ShellProps) {
  const link = useLiveLink(me.id)
  if (link === null) return null
  return <Page me={me} dueAt={dueAt} link={link} />
}

function Page({ me, dueAt, link }: ShellProps & { readonly link: LiveLink }) {
  const location = useLocation()
  const content = useRef<HTMLElement>(null)
  usePageFocus(content, `${location.path}?${location.query}`)
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
        <NavigationBar me={me} path={location.path} />
        <span className="bar-space" />
        <LinkStatus link={state} />
        <ThemeToggle />
        <AccountMenu me={me} />
      </header>
      <LinkBanner link={state} {...(isRefused(state) ? { onRetry: link.retry } : {})} />
      {dueAt !== null && <FactorBanner dueAt={dueAt} />}
      <main id="content" className="content" tabIndex={-1} ref={content}>
        <ShellPage me={me} link={link} location={location} />
      </main>
    </div>
  )
}

function isRefused(state: ReturnType<LiveLink['state']>): boolean {
  return state.phase === 'offline' && state.code === 'refused'
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
      onDoubt: () => void queries.invalidateQueries({ queryKey: ['me'] }),
    })
    setLink(opened)
    return () => opened.close()
  }, [api, queries, userId])
  return link
}
