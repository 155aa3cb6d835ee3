import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { KeyView } from '#protocol/keys.ts'
import { Bell } from '../../shared/bell.tsx'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { MoreButton } from '../more-button.tsx'
import { NewKeyDialog } from '../new-key-dialog.tsx'
import { NotAllowed } from '../not-allowed.tsx'
import { mayAdminister } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { RevokeKeyDialog } from '../revoke-key-dialog.tsx'
import { useList } from '../use-list.ts'
import { KeyTable } from './key-table.tsx'

/** The API keys of everybody. */
export function KeysPage({ me }: { readonly me: Me }) {
  return mayAdminister(me) ? (
    <Keys />
  ) : (
    <NotAllowed title="Keys">Administrators look after the keys of services. Your own are in My account.</NotAllowed>
  )
}

function Keys() {
  const api = useApi()
  const now = useNow(10_000)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<KeyView | null>(null)
  const keys = useList(['keys'], api.administration.keys, { refetchMs: 15_000 })
  const newKey = (
    <Button leftSection={<IconPlus size={18} stroke={1.8} aria-hidden="true" />} onClick={() => setCreating(true)}>
      New key
    </Button>
  )
  return (
    <>
      <div className="page-head">
        <h1>Keys</h1>
        {keys.items.length > 0 && newKey}
      </div>
      {keys.data === undefined && <ProblemAlert error={keys.error} />}
      {keys.data !== undefined && keys.items.length === 0 && (
        <div className="empty">
          <Bell className="empty-mark" />
          <h2>No keys yet</h2>
          <p>
            With a key, a service of yours publishes, reads channels or looks after screens, without anybody signed in.
          </p>
          {newKey}
        </div>
      )}
      {keys.items.length > 0 && <KeyTable keys={keys.items} now={now} onRevoke={setRevoking} />}
      <MoreButton list={keys} of="keys" />
      <NewKeyDialog opened={creating} onClose={() => setCreating(false)} />
      <RevokeKeyDialog of={revoking} onClose={() => setRevoking(null)} />
    </>
  )
}
