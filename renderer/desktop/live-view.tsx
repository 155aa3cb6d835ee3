import { ActionIcon, Alert, Button, SegmentedControl, Tooltip } from '@mantine/core'
import { IconExternalLink, IconInfoCircle, IconLogout } from '@tabler/icons-react'
import { useEffect, useMemo, useState } from 'react'
import type { DesktopBridge, DesktopState, FeedEvent } from '#protocol/ipc.ts'
import { Brand } from '../mantine/brand.tsx'
import { ConfirmDialog } from '../mantine/confirm-dialog.tsx'
import { EventList } from '../mantine/event-list.tsx'
import { LinkBanner, LinkStatus } from '../mantine/link-status.tsx'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'
import { useFeed } from '../mantine/use-feed.ts'
import { Bell } from '../shared/bell.tsx'
import { createFeed, type Feed } from '../shared/feed.ts'
import { hasEnded } from '../shared/task-words.ts'
import { askMain } from './ask-main.ts'
import { FollowsPanel } from './follows-panel.tsx'
import { Gaps } from './gaps.tsx'
import { Refusals } from './refusals.tsx'
import { StartPanel } from './start-panel.tsx'
import { TaskList } from './task-list.tsx'
import { useTasks } from './use-tasks.ts'

export type SignedIn = Extract<DesktopState, { phase: 'signed-in' }>

interface LiveViewProps {
  readonly bridge: DesktopBridge
  readonly state: SignedIn
}

export function LiveView({ bridge, state }: LiveViewProps) {
  const feed = useEvents(bridge)
  const items = useFeed(feed)
  const { tasks, definitions } = useTasks(bridge)
  const [side, setSide] = useState<Side>('events')
  const [only, setOnly] = useState<string | null>(null)
  const filter = only !== null && state.follows.includes(only) ? only : null
  const shown = filter === null ? items : items.filter(({ channel }) => channel === filter)
  const underWay = tasks.filter(({ task }) => !hasEnded(task)).length
  const sides = (
    <SegmentedControl
      fullWidth
      aria-label="Show"
      value={side}
      onChange={(chosen) => setSide(chosen === 'tasks' ? 'tasks' : 'events')}
      data={[
        { value: 'events', label: 'Events' },
        { value: 'tasks', label: underWay === 0 ? 'Tasks' : `Tasks (${underWay})` },
      ]}
    />
  )
  return (
    <div className="live">
      <Header bridge={bridge} state={state} />
      <LinkBanner link={state.link} />
      <div className="live-body">
        {side === 'events' ? (
          <FollowsPanel bridge={bridge} follows={state.follows} only={filter} setOnly={setOnly}>
            {sides}
          </FollowsPanel>
        ) : (
          <StartPanel bridge={bridge} definitions={definitions}>
            {sides}
          </StartPanel>
        )}
        <main className="live-main">
          <h1 className="visually-hidden">{side === 'events' ? 'Events' : 'Tasks'}</h1>
          {state.storage === 'memory' && (
            <Alert color="brass" icon={<IconInfoCircle aria-hidden="true" />} className="live-note" role="note">
              There is no keychain on this computer, so you stay signed in only until you close the app.
            </Alert>
          )}
          {side === 'tasks' ? (
            <TaskList bridge={bridge} tasks={tasks} />
          ) : (
            <>
              <Refusals refusals={state.refusals} />
              <Gaps gaps={state.gaps} />
              {shown.length === 0 ? <NoEvents follows={state.follows.length > 0} /> : <EventList items={shown} />}
            </>
          )}
        </main>
      </div>
    </div>
  )
}

/** What the window shows beside the panel. */
type Side = 'events' | 'tasks'

function Header({ bridge, state }: LiveViewProps) {
  const [leaving, setLeaving] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const openConsole = async (): Promise<void> => {
    const outcome = await askMain(bridge.openConsole())
    setFailure(outcome.ok ? null : outcome.message)
  }
  const signOut = async (): Promise<string | null> => {
    const outcome = await askMain(bridge.signOut())
    return outcome.ok ? null : outcome.message
  }
  return (
    <>
      <header className="bar">
        <Brand />
        <LinkStatus link={state.link} />
        <span className="bar-space" />
        <span className="account">
          <span className="account-name">{state.account.name}</span>
          <span className="account-server">{state.server.replace(/^https?:\/\//, '')}</span>
        </span>
        <Button
          variant="default"
          leftSection={<IconExternalLink size={17} stroke={1.6} aria-hidden="true" />}
          onClick={openConsole}
        >
          Open console
        </Button>
        <ThemeToggle />
        <Tooltip label="Sign out">
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Sign out" onClick={() => setLeaving(true)}>
            <IconLogout size={20} stroke={1.6} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
      </header>
      {failure !== null && (
        <Alert color="red" role="alert" withCloseButton closeButtonLabel="Close" onClose={() => setFailure(null)}>
          {failure}
        </Alert>
      )}
      <ConfirmDialog
        opened={leaving}
        title="Sign out?"
        action="Sign out"
        onConfirm={signOut}
        onClose={() => setLeaving(false)}
      >
        <p>
          {state.account.name} gets no more events and notifications on this computer until somebody signs in again.
        </p>
      </ConfirmDialog>
    </>
  )
}

function NoEvents({ follows }: { readonly follows: boolean }) {
  return (
    <div className="empty">
      <Bell className="empty-mark" />
      <h2>{follows ? 'Nothing yet' : 'You follow no channel'}</h2>
      <p>
        {follows
          ? 'Events appear here the moment they are published, and ring when this window is not in front.'
          : 'Follow a channel such as news:general, and its events appear here the moment they are published.'}
      </p>
    </div>
  )
}

/** The live list of this window: what main has so far, then each event as it comes, and the past of channels as it is read. */
function useEvents(bridge: DesktopBridge): Feed {
  const feed = useMemo(() => createFeed(), [])
  useEffect(() => {
    let gone = false
    /** What is read before main has answered: older than the answer, which may hold it too. Null from then on. */
    let early: FeedEvent[] | null = []
    const stopEvents = bridge.onEvent((event) => feed.add(event))
    const stopEarlier = bridge.onEarlier((read) => (early === null ? feed.fill(read) : void early.unshift(...read)))
    bridge.events().then(
      (soFar) => {
        if (gone) return
        feed.fill(soFar)
        feed.fill(early ?? [])
        early = null
      },
      (error: unknown) => console.error('main does not answer', error),
    )
    return () => {
      gone = true
      stopEvents()
      stopEarlier()
      feed.clear()
    }
  }, [bridge, feed])
  return feed
}
