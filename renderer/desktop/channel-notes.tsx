import { Alert } from '@mantine/core'
import type { ReactNode } from 'react'

interface ChannelNotesProps {
  readonly title: string
  readonly icon: ReactNode
  readonly notes: readonly { readonly channel: string; readonly message: string }[]
}

/** What has to be said of some channels, above their events. Nothing where there is nothing to say. */
export function ChannelNotes({ title, icon, notes }: ChannelNotesProps) {
  if (notes.length === 0) return null
  return (
    <Alert color="brass" icon={icon} title={title} className="live-note" role="status">
      <ul>
        {notes.map(({ channel, message }) => (
          <li key={channel}>
            <strong>{channel}</strong>: {message}
          </li>
        ))}
      </ul>
    </Alert>
  )
}
