import { Alert, Autocomplete, Button } from '@mantine/core'
import { IconAlertTriangle, IconSend } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState, useSyncExternalStore } from 'react'
import type { ChannelsAnswer } from '#protocol/api.ts'
import { channelName, namespaceOf } from '#protocol/channel.ts'
import { EventList } from '../mantine/event-list.tsx'
import { useFeed } from '../mantine/use-feed.ts'
import { Bell } from '../shared/bell.tsx'
import { useApi } from './api-context.ts'
import { type LiveChannel, openChannel } from './live-channel.ts'
import type { LiveLink } from './live-link.ts'
import { linkTo, navigate } from './location.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { PublishDialog } from './publish-dialog.tsx'

interface LivePageProps {
  readonly link: LiveLink
  /** The channel in the address. */
  readonly channel: string | null
}

export function LivePage({ link, channel }: LivePageProps) {
  const api = useApi()
  const [publishing, setPublishing] = useState(false)
  const channels = useQuery({ queryKey: ['channels'], queryFn: api.channels, refetchInterval: 10_000 })
  const publishable = channels.data?.namespaces.filter(({ publish }) => publish).map(({ name }) => name) ?? []
  const mayPublish = channel === null ? publishable.length > 0 : publishable.includes(namespaceOf(channel))
  return (
    <>
      <div className="page-head">
        <h1>Live</h1>
        {mayPublish && (
          <Button
            leftSection={<IconSend size={18} stroke={1.6} aria-hidden="true" />}
            onClick={() => setPublishing(true)}
          >
            Publish
          </Button>
        )}
      </div>
      <ChannelForm key={`form ${channel}`} channel={channel} known={channels.data} />
      {channels.data === undefined && <ProblemAlert error={channels.error} />}
      {channel === null ? (
        <ChooseChannel known={channels.data} />
      ) : (
        <ChannelEvents
          key={`events ${channel}`}
          link={link}
          channel={channel}
          readOnly={channels.data !== undefined && !mayPublish}
        />
      )}
      <PublishDialog
        opened={publishing}
        channel={channel ?? `${publishable[0] ?? 'news'}:general`}
        onClose={() => setPublishing(false)}
      />
    </>
  )
}

function ChannelForm({
  channel,
  known,
}: {
  readonly channel: string | null
  readonly known: ChannelsAnswer | undefined
}) {
  const [typed, setTyped] = useState(channel ?? '')
  const [error, setError] = useState<string | null>(null)
  const open = (name: string): void => {
    const checked = channelName.safeParse(name.trim())
    if (checked.success) navigate(`/live?channel=${encodeURIComponent(checked.data)}`)
    else setError(checked.error.issues[0]?.message ?? 'This is not a channel name.')
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    open(typed)
  }
  return (
    <form className="channel-form" noValidate onSubmit={submit}>
      <Autocomplete
        label="Channel"
        placeholder="news:general"
        autoComplete="off"
        spellCheck={false}
        data={suggestions(known)}
        value={typed}
        error={error}
        onChange={(value) => {
          setTyped(value)
          setError(null)
        }}
        onOptionSubmit={open}
      />
      <Button type="submit" variant="default">
        Open
      </Button>
    </form>
  )
}

function ChooseChannel({ known }: { readonly known: ChannelsAnswer | undefined }) {
  const channels = suggestions(known)
  return (
    <div className="empty empty-low">
      <Bell className="empty-mark" />
      <h2>Choose a channel</h2>
      <p>What was published to it last, and everything from now on, appears here the moment it happens.</p>
      {channels.length > 0 && (
        <ul className="channel-links" aria-label="Channels">
          {channels.slice(0, 12).map((channel) => (
            <li key={channel}>
              <a className="channel" {...linkTo(`/live?channel=${encodeURIComponent(channel)}`)}>
                {channel}
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

interface ChannelEventsProps {
  readonly link: LiveLink
  readonly channel: string
  readonly readOnly: boolean
}

function ChannelEvents({ link, channel, readOnly }: ChannelEventsProps) {
  const live = useChannel(link, channel)
  return live === null ? null : <OpenChannel live={live} readOnly={readOnly} />
}

function OpenChannel({ live, readOnly }: { readonly live: LiveChannel; readonly readOnly: boolean }) {
  const state = useSyncExternalStore(live.subscribe, live.state)
  const items = useFeed(live.feed)
  if (state.phase === 'refused') {
    return (
      <Alert color="red" role="alert" title="Not open" icon={<IconAlertTriangle aria-hidden="true" />}>
        {state.message}
      </Alert>
    )
  }
  return (
    <>
      {readOnly && state.phase === 'open' && (
        <p className="soft page-note">You may read this channel, but not publish to it.</p>
      )}
      {live.hasGap() && (
        <Alert
          color="brass"
          role="status"
          title="Some events are missing"
          icon={<IconAlertTriangle aria-hidden="true" />}
        >
          This page was away for longer than the server remembers. The list begins again with the newest.
        </Alert>
      )}
      {items.length > 0 ? (
        <EventList items={items} withChannel={false} />
      ) : (
        <div className="empty" role="status">
          <Bell className="empty-mark" />
          <h2>{state.phase === 'open' ? 'Nothing yet' : 'Opening'}</h2>
          {state.phase === 'open' && <p>The next event appears here the moment it is published.</p>}
        </div>
      )}
    </>
  )
}

/** What one could open: the channels in use, then one for each other namespace that one may read and that keeps something. */
function suggestions(known: ChannelsAnswer | undefined): string[] {
  if (known === undefined) return []
  const unused = known.namespaces
    .filter(({ subscribe, historySize }) => subscribe && historySize > 0)
    .filter(({ name }) => !known.active.some(({ channel }) => namespaceOf(channel) === name))
    .map(({ name }) => `${name}:general`)
  return [...new Set([...known.active.map(({ channel }) => channel), ...unused])]
}

function useChannel(link: LiveLink, channel: string): LiveChannel | null {
  const [live, setLive] = useState<LiveChannel | null>(null)
  useEffect(() => {
    const opened = openChannel(link.client, channel)
    setLive(opened)
    return () => opened.close()
  }, [link, channel])
  return live
}
