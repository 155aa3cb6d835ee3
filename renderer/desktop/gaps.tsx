import { IconAlertTriangle } from '@tabler/icons-react'
import { ChannelNotes } from './channel-notes.tsx'
import type { SignedIn } from './live-view.tsx'

/** What could not be had any more is said, not hidden. */
export function Gaps({ gaps }: { readonly gaps: SignedIn['gaps'] }) {
  const notes = gaps.map(({ channel, missed }) => {
    const count = missed === null ? 'an unknown number' : missed.toLocaleString()
    const message = `${count} came while this computer was away for too long, and the server no longer keeps them.`
    return { channel, message }
  })
  return (
    <ChannelNotes title="Some events are missing here" icon={<IconAlertTriangle aria-hidden="true" />} notes={notes} />
  )
}
