import { Button } from '@mantine/core'
import { useState } from 'react'
import type { GrantView } from '#protocol/account.ts'
import { useNow } from '../../shared/now.ts'
import { moment } from '../../shared/time.ts'
import { useApi } from '../api-context.ts'
import { MoreButton } from '../more-button.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { useList } from '../use-list.ts'
import { EndGrantDialog } from './end-grant-dialog.tsx'
import { Row, Section } from './section.tsx'

/** The services that one has let act in one's name. */
export function GrantsSection() {
  const { account } = useApi()
  const now = useNow(60_000)
  const [ending, setEnding] = useState<GrantView | null>(null)
  const grants = useList(['grants'], account.grants)
  return (
    <Section title="Services you have let in">
      {grants.data === undefined && <ProblemAlert error={grants.error} />}
      {grants.data !== undefined && grants.items.length === 0 && (
        <p className="soft">None. A service that wants to act for you asks you first.</p>
      )}
      {grants.items.length > 0 && (
        <ul className="rows">
          {grants.items.map((grant) => (
            <Row key={grant.clientId} title={grant.name} under={about(grant, now)}>
              <Button
                variant="default"
                size="xs"
                aria-label={`End access of ${grant.name}`}
                onClick={() => setEnding(grant)}
              >
                End
              </Button>
            </Row>
          ))}
        </ul>
      )}
      <MoreButton list={grants} of="services" />
      <EndGrantDialog grant={ending} onClose={() => setEnding(null)} />
    </Section>
  )
}

/** `Know that it is you; publish where you may; since 12 Nov 13:42`. */
function about({ meanings, grantedAt }: GrantView, now: number): string {
  const [first = 'Let in', ...others] = meanings
  const words = [first, ...others.map((meaning) => meaning.charAt(0).toLowerCase() + meaning.slice(1))]
  return [...words, `since ${moment(Date.parse(grantedAt), now)}`].join('; ')
}
