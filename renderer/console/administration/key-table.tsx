import { Button } from '@mantine/core'
import type { KeyView } from '#protocol/keys.ts'
import { ago, moment } from '../../shared/time.ts'
import { verbFor } from '../key-expiry.ts'

interface KeyTableProps {
  readonly keys: readonly KeyView[]
  readonly now: number
  readonly onRevoke: (key: KeyView) => void
}

export function KeyTable({ keys, now, onRevoke }: KeyTableProps) {
  return (
    <table className="table" aria-label="Keys">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">May</th>
          <th scope="col">Owner</th>
          <th scope="col">Ends</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <th scope="row" className="wrap">
              {key.name}
              <span className="table-under nowrap">{key.start}…</span>
            </th>
            <td className="wrap">{key.scopes.join(', ')}</td>
            <td className="wrap">{key.owner.name}</td>
            <td>{ending(key, now)}</td>
            <td>{key.lastUsedAt === null ? 'Never' : ago(Date.parse(key.lastUsedAt), now)}</td>
            <td className="table-actions">
              <Button
                variant="subtle"
                color="red"
                aria-label={`${verbFor(key, now)} ${key.name}`}
                onClick={() => onRevoke(key)}
              >
                {verbFor(key, now)}
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function ending({ expiresAt }: KeyView, now: number): string {
  if (expiresAt === null) return 'Never'
  const at = Date.parse(expiresAt)
  return at <= now ? `Expired ${ago(at, now)}` : moment(at, now)
}
