import { IconLock } from '@tabler/icons-react'
import { ChannelNotes } from './channel-notes.tsx'
import type { SignedIn } from './live-view.tsx'

/** Followed channels that the server does not let this person hear. */
export function Refusals({ refusals }: { readonly refusals: SignedIn['refusals'] }) {
  return (
    <ChannelNotes title="Some channels are not open to you" icon={<IconLock aria-hidden="true" />} notes={refusals} />
  )
}
