import { IconEraser } from '@tabler/icons-react'
import { memo, useState } from 'react'
import type { FeedItem } from '../shared/feed.ts'
import { publicationText } from '../shared/publication-text.ts'
import { clockTimeWithSeconds } from '../shared/time.ts'

interface EventListProps {
  readonly items: readonly FeedItem[]
  /** False where every event is of one channel. */
  readonly withChannel?: boolean
}

/** Events, newest first. Rows out of sight cost nothing: the style sheet lets the browser skip them. */
export function EventList({ items, withChannel = true }: EventListProps) {
  return (
    <ol className="events" aria-label="Events">
      {items.map((item) => (
        <EventRow key={item.key} item={item} withChannel={withChannel} />
      ))}
    </ol>
  )
}

const EventRow = memo(function EventRow({ item, withChannel }: { item: FeedItem; withChannel: boolean }) {
  const { channel, offset, data, tags, receivedAt } = item
  return (
    <li className="event">
      <div className="event-head">
        {withChannel && <span className="channel">{channel}</span>}
        {receivedAt === null ? (
          <span>Earlier</span>
        ) : (
          <time dateTime={new Date(receivedAt).toISOString()}>{clockTimeWithSeconds(receivedAt)}</time>
        )}
        {offset > 0 && <span title="Position in the channel">#{offset}</span>}
        {Object.entries(tags).map(([name, value]) => (
          <span key={name} className="tag">
            {name}: {value}
          </span>
        ))}
      </div>
      <EventText data={data} />
      <RawJson data={data} />
    </li>
  )
})

/** Written out only when somebody looks: most of a thousand rows are never opened. */
function RawJson({ data }: { readonly data: unknown }) {
  const [open, setOpen] = useState(false)
  return (
    <details className="event-json" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Raw JSON</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whatever scrolls must be reachable with the keyboard */}
      {open && <pre tabIndex={0}>{JSON.stringify(data, null, 2)}</pre>}
    </details>
  )
}

function EventText({ data }: { readonly data: unknown }) {
  const text = publicationText(data)
  switch (text.kind) {
    case 'clear':
      return (
        <p className="event-quiet">
          <IconEraser size={16} stroke={1.6} aria-hidden="true" /> Screen cleared
        </p>
      )
    case 'json':
      return <code className="event-line">{text.line}</code>
    case 'text':
      return (
        <div dir="auto">
          {text.title !== null && <p className="event-title">{text.title}</p>}
          {text.message !== null && <p className="event-message">{text.message}</p>}
        </div>
      )
    default:
      return text satisfies never
  }
}
