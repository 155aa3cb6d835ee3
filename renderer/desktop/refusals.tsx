import { Alert } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import type { SignedIn } from './live-view.tsx'

/** Followed channels that the server does not let this person hear. */
export function Refusals({ refusals }: { readonly refusals: SignedIn['refusals'] }) {
  if (refusals.length === 0) return null
  return (
    <Alert
      color="brass"
      icon={<IconLock aria-hidden="true" />}
      title="Some channels are not open to you"
      className="live-note"
      role="status"
    >
      <ul>
        {refusals.map(({ channel, message }) => (
          <li key={channel}>
            <strong>{channel}</strong>: {message}
          </li>
        ))}
      </ul>
    </Alert>
  )
}
