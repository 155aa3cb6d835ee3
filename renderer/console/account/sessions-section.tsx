import { Button } from '@mantine/core'
import { IconDeviceDesktop, IconTerminal2 } from '@tabler/icons-react'
import { useState } from 'react'
import type { SessionView } from '#protocol/account.ts'
import { useNow } from '../../shared/now.ts'
import { ago, moment } from '../../shared/time.ts'
import { useApi } from '../api-context.ts'
import { MoreButton } from '../more-button.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { useList } from '../use-list.ts'
import { EndSessionsDialog, type SessionEnding } from './end-sessions-dialog.tsx'
import { Row, Section } from './section.tsx'
import { sessionName } from './session-name.ts'

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

interface SessionRowProps {
  readonly session: SessionView
  readonly now: number
  readonly onEnd: () => void
}

function SessionRow({ session, now, onEnd }: SessionRowProps) {
  const { current, kind, address, lastUsedAt, startedAt } = session
  const Icon = kind === 'program' ? IconTerminal2 : IconDeviceDesktop
  const lastUsed = Date.parse(lastUsedAt)
  return (
    <Row
      title={
        <>
          <Icon className="row-icon" size={18} stroke={1.6} aria-hidden="true" />
          {sessionName(session)} {current && <span className="chip">This one</span>}
        </>
      }
      under={
        <>
          {address || 'This computer'}, last used{' '}
          <time dateTime={lastUsedAt} title={moment(lastUsed, now)}>
            {ago(lastUsed, now)}
          </time>
          , signed in {moment(Date.parse(startedAt), now)}
        </>
      }
    >
      {!current && (
        <Button variant="default" size="xs" aria-label={`End ${sessionName(session)}, ${address}`} onClick={onEnd}>
          End
        </Button>
      )}
    </Row>
  )
}
