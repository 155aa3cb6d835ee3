import { Alert, Button, Group } from '@mantine/core'
import { ShownOnce } from '../../mantine/shown-once.tsx'
import { CopyField } from '../copy-field.tsx'

interface ServiceSecretNoteProps {
  /** The client id, where it is new as well. */
  readonly id?: string
  /** Null for a service without one. */
  readonly secret: string | null
  readonly onClose: () => void
}

/** What a service is configured with. The secret is shown this once. */
export function ServiceSecretNote({ id, secret, onClose }: ServiceSecretNoteProps) {
  return (
    <ShownOnce>
      {id !== undefined && <CopyField label="Client id" value={id} />}
      {secret !== null && <CopyField label="Client secret" value={secret} />}
      {secret !== null && (
        <Alert color="yellow">Keep the secret now, where passwords are kept: it is not shown again.</Alert>
      )}
      {id !== undefined && (
        <p className="soft">
          Its library finds the rest by itself with the issuer <code>{`${window.location.origin}/api/auth`}</code>.
        </p>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </ShownOnce>
  )
}
