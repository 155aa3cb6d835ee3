import type { LinkState } from '#protocol/ipc.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import { moment } from '../shared/time.ts'

interface StripProps {
  readonly link: LinkState
  readonly shell: ShellView | null
  readonly showing: 'nothing' | 'message' | 'page'
  readonly now: number
}

/** A line at the upper edge while something is not as it should be; what matters most comes first. */
export function Strip({ link, shell, showing, now }: StripProps) {
  const said = words(link, shell, showing, now)
  if (said === null) return null
  const [what, so] = said
  return (
    <p className={showing === 'page' ? 'offline offline-line' : 'offline'} role="status">
      <strong>{what}</strong> {so}
    </p>
  )
}

function words(
  link: LinkState,
  shell: ShellView | null,
  showing: StripProps['showing'],
  now: number,
): readonly [string, string] | null {
  if (showing === 'page' && shell?.savedAt != null) {
    return [`Not live since ${moment(shell.savedAt, now)}.`, 'The page is shown as it was then.']
  }
  if (link.phase === 'offline') return [`Offline since ${moment(link.since, now)}.`, offlineWords[showing]]
  const said = shell?.clock ?? (showing === 'page' ? null : shell?.notice)
  return said == null ? null : [said, '']
}

const offlineWords = {
  nothing: 'Messages appear here when the server is back.',
  message: 'Showing the last message.',
  page: 'The page goes on without its server.',
} as const
