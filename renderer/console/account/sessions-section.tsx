import { Button } from '@mantine/core'
import { useState } from 'react'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { MoreButton } from '../more-button.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { useList } from '../use-list.ts'
import { EndSessionsDialog, type SessionEnding } from './end-sessions-dialog.tsx'
import { Section } from './section.tsx'
import { sessionName } from './session-name.ts'
import { SessionRow } from './session-row.tsx'

/** Where one is signed in. */
export function SessionsSection() {
  const { account } = useApi()
  const now = useNow(10_000)
  const [ending, setEnding] = useState<SessionEnding | null>(null)
  const sessions = useList(['sessions'], account.sessions, { refetchMs: 30_000 })
  const others = sessions.items.some(({ current }) => !current)
  const programs = sessions.items.some(({ kind }) => kind === 'program')
  return (
    <Section title="Where you are signed in">
      {sessions.data === undefined && <ProblemAlert error={sessions.error} />}
      <ul className="rows">
        {sessions.items.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            now={now}
            onEnd={() => setEnding({ which: 'one', id: session.id, name: sessionName(session) })}
          />
        ))}
      </ul>
      <MoreButton list={sessions} of="sessions" />
      {others && (
        <div className="row">
          <Button variant="default" onClick={() => setEnding({ which: 'others' })}>
            Sign out everywhere else
          </Button>
          {programs && (
            <Button variant="default" onClick={() => setEnding({ which: 'programs' })}>
              Reset tokens of programs
            </Button>
          )}
        </div>
      )}
      {sessions.data !== undefined && !others && <p className="soft">Nowhere but here.</p>}
      <EndSessionsDialog ending={ending} onClose={() => setEnding(null)} />
    </Section>
  )
}
