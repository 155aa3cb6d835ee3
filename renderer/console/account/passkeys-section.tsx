import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SecondFactorView } from '#protocol/account.ts'
import { useNow } from '../../shared/now.ts'
import { ago, moment } from '../../shared/time.ts'
import { useApi } from '../api-context.ts'
import { PasskeyAddress } from '../passkey-address.tsx'
import { canUsePasskeys } from '../passkeys.ts'
import { AddPasskeyDialog } from './add-passkey-dialog.tsx'
import { RemovePasskeyDialog } from './remove-passkey-dialog.tsx'
import { Row, Section } from './section.tsx'

interface PasskeysSectionProps {
  /** Called when a passkey has been added. */
  readonly onSetUp?: () => void
}

export function PasskeysSection({ onSetUp }: PasskeysSectionProps) {
  const { account } = useApi()
  const now = useNow(10_000)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<SecondFactorView['passkeys'][number] | null>(null)
  const factor = useQuery({ queryKey: ['second-factor'], queryFn: account.secondFactor })
  const passkeys = factor.data?.passkeys ?? []
  return (
    <Section title="Passkeys">
      <p>Sign in with the fingerprint, face or PIN of a device, or with a security key, and without a password.</p>
      {passkeys.length > 0 && (
        <ul className="rows">
          {passkeys.map((passkey) => (
            <Row
              key={passkey.id}
              title={passkey.name}
              under={
                <>
                  {passkey.lastUsedAt === null
                    ? 'Not used yet'
                    : `Last used ${ago(Date.parse(passkey.lastUsedAt), now)}`}
                  , added {moment(Date.parse(passkey.createdAt), now)}
                </>
              }
            >
              <Button
                variant="default"
                size="xs"
                aria-label={`Remove ${passkey.name}`}
                onClick={() => setRemoving(passkey)}
              >
                Remove
              </Button>
            </Row>
          ))}
        </ul>
      )}
      {canUsePasskeys() ? (
        <div className="row">
          <Button variant="default" onClick={() => setAdding(true)}>
            Add a passkey
          </Button>
        </div>
      ) : (
        <p className="soft wrap">
          <PasskeyAddress path="/account" />
        </p>
      )}
      <AddPasskeyDialog opened={adding} onClose={() => setAdding(false)} onAdded={onSetUp} />
      <RemovePasskeyDialog passkey={removing} onClose={() => setRemoving(null)} />
    </Section>
  )
}
