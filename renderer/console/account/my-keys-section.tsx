import { Button } from '@mantine/core'
import { useState } from 'react'
import type { KeyView, Me } from '#protocol/api.ts'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { KeyTable } from '../key-table.tsx'
import { MoreButton } from '../more-button.tsx'
import { NewKeyDialog } from '../new-key-dialog.tsx'
import { keyScopesFor } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { RevokeKeyDialog } from '../revoke-key-dialog.tsx'
import { useList } from '../use-list.ts'
import { Section } from './section.tsx'

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
        <p>With a key, a program of yours publishes and listens without your password.</p>
      )}
      {keys.items.length > 0 && <KeyTable keys={keys.items} now={now} onRevoke={setRevoking} />}
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
