import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { SignedIn } from './live-view.tsx'

/** What could not be had any more is said, not hidden. */
export function Gaps({ gaps }: { readonly gaps: SignedIn['gaps'] }) {
  if (gaps.length === 0) return null
  return (
    <Alert
      color="brass"
      icon={<IconAlertTriangle aria-hidden="true" />}
      title="Some events are missing here"
      className="live-note"
      role="status"
    >
      <ul>
        {gaps.map(({ channel, missed }) => (
          <li key={channel}>
            <strong>{channel}</strong>: {missed === null ? 'an unknown number' : missed.toLocaleString()} came while
            this computer was away for too long, and the server no longer keeps them.
          </li>
        ))}
      </ul>
    </Alert>
  )
}
