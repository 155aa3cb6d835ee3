import { Button } from '@mantine/core'
import { IconDeviceDesktop, IconTerminal2 } from '@tabler/icons-react'
import type { SessionView } from '#protocol/account.ts'
import { ago, moment } from '../../shared/time.ts'
import { Row } from './section.tsx'
import { sessionName } from './session-name.ts'

interface SessionRowProps {
  readonly session: SessionView
  readonly now: number
  readonly onEnd: () => void
}

/** One place where somebody is signed in. */
export function SessionRow({ session, now, onEnd }: SessionRowProps) {
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
