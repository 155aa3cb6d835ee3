import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { KeyView } from '#protocol/keys.ts'
import { useNow } from '../../shared/now.ts'
import { ago, moment } from '../../shared/time.ts'
import { useApi } from '../api-context.ts'
import { verbFor } from '../key-expiry.ts'
import { MoreButton } from '../more-button.tsx'
import { NewKeyDialog } from '../new-key-dialog.tsx'
import { keyScopesFor } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { RevokeKeyDialog } from '../revoke-key-dialog.tsx'
import { useList } from '../use-list.ts'
import { Row, Section } from './section.tsx'

/** The API keys that one has made. */
export function MyKeysSection({ me }: { readonly me: Me }) {
  const { account } = useApi()
  const now = useNow(10_000)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<KeyView | null>(null)
  const keys = useList(['keys', 'mine'], account.keys)
  return (
    <Section title="API keys">
      {keys.data === undefined && <ProblemAlert error={keys.error} />}
      {keys.data !== undefined && keys.items.length === 0 && (
        <p>With a key, a program of yours gets in without your password.</p>
      )}
      {keys.items.length > 0 && (
        <ul className="rows">
          {keys.items.map((key) => (
            <Row key={key.id} title={key.name} under={about(key, now)}>
              <Button
                variant="default"
                size="xs"
                aria-label={`${verbFor(key, now)} ${key.name}`}
                onClick={() => setRevoking(key)}
              >
                {verbFor(key, now)}
              </Button>
            </Row>
          ))}
        </ul>
      )}
      <MoreButton list={keys} of="keys" />
      <div className="row">
        <Button variant="default" onClick={() => setCreating(true)}>
          New key
        </Button>
      </div>
      <NewKeyDialog opened={creating} scopes={keyScopesFor(me)} onClose={() => setCreating(false)} />
      <RevokeKeyDialog of={revoking} onClose={() => setRevoking(null)} />
    </Section>
  )
}

/** `crl_7k… may publish, last used 3 minutes ago, ends 10 Feb 2027 13:42`. */
function about({ start, scopes, lastUsedAt, expiresAt }: KeyView, now: number): string {
  const used = lastUsedAt === null ? 'not used yet' : `last used ${ago(Date.parse(lastUsedAt), now)}`
  const at = expiresAt === null ? null : Date.parse(expiresAt)
  const ending = at === null ? 'never ends' : at <= now ? `expired ${ago(at, now)}` : `ends ${moment(at, now)}`
  return `${start}… may ${scopes.join(', ')}; ${used}, ${ending}`
}
