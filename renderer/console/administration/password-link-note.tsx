import { Button, Group } from '@mantine/core'
import type { PasswordLink } from '#protocol/users.ts'
import { ShownOnce } from '../../mantine/shown-once.tsx'
import { useNow } from '../../shared/now.ts'
import { moment } from '../../shared/time.ts'
import { CopyField } from '../copy-field.tsx'

interface PasswordLinkNoteProps {
  readonly link: PasswordLink
  readonly name: string
  readonly onClose: () => void
}

/** The link with which somebody chooses a password. It is shown this once. */
export function PasswordLinkNote({ link, name, onClose }: PasswordLinkNoteProps) {
  const now = useNow(60_000)
  return (
    <ShownOnce>
      <p>
        Give this link to {name} by a way that only they read: whoever opens it first chooses the password. It works
        once, until {moment(Date.parse(link.expiresAt), now)}, and is not shown again.
      </p>
      <CopyField label="Link" value={link.link} />
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </ShownOnce>
  )
}
