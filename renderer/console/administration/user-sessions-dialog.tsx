import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import type { SessionView } from '#protocol/account.ts'
import type { UserView } from '#protocol/users.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { useNow } from '../../shared/now.ts'
import { sessionName } from '../account/session-name.ts'
import { SessionRow } from '../account/session-row.tsx'
import { useApi } from '../api-context.ts'
import { MoreButton } from '../more-button.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { useList } from '../use-list.ts'

interface UserSessionsDialogProps {
  /** The account in question; closed without one. */
  readonly user: UserView | null
  readonly onClose: () => void
}

export function UserSessionsDialog({ user, onClose }: UserSessionsDialogProps) {
  return (
    <Dialog opened={user !== null} onClose={onClose} title={`Where ${user?.name ?? ''} is signed in`} wide>
      {user !== null && <UserSessions user={user} />}
    </Dialog>
  )
}

function UserSessions({ user }: { readonly user: UserView }) {
  const { account, administration } = useApi()
  const queries = useQueryClient()
  const now = useNow(10_000)
  const place = useRef<HTMLDivElement>(null)
  const sessions = useList(['sessions', user.id], () => administration.sessions(user.id), { refetchMs: 30_000 })
  const end = useMutation({
    mutationFn: (session: SessionView) => account.endSession(session.id),
    async onSuccess(_, session) {
      notifications.show({ message: `${sessionName(session)} has been signed out.` })
      await queries.invalidateQueries({ queryKey: ['sessions'] })
      // The button that had it is gone.
      place.current?.focus()
    },
  })
  return (
    <div className="stack" ref={place} tabIndex={-1}>
      <ProblemAlert error={end.error ?? (sessions.data === undefined ? sessions.error : null)} />
      {sessions.data !== undefined && sessions.items.length === 0 && <p className="soft">Nowhere.</p>}
      {sessions.items.length > 0 && (
        <ul className="rows" aria-label="Sessions">
          {sessions.items.map((session) => (
            <SessionRow key={session.id} session={session} now={now} onEnd={() => end.mutate(session)} />
          ))}
        </ul>
      )}
      <MoreButton list={sessions} of="sessions" />
    </div>
  )
}
