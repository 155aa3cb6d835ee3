import { useState } from 'react'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import { BackupCodes } from './backup-codes.tsx'
import { IdentityForm } from './identity-form.tsx'

interface NewBackupCodesDialogProps {
  readonly opened: boolean
  readonly onClose: () => void
}

export function NewBackupCodesDialog({ opened, onClose }: NewBackupCodesDialogProps) {
  const { account } = useApi()
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const close = (): void => {
    setCodes(null)
    onClose()
  }
  return (
    <Dialog
      opened={opened}
      onClose={close}
      title={codes === null ? 'New back-up codes' : 'Keep the back-up codes'}
      wide={codes !== null}
    >
      {codes === null ? (
        <IdentityForm
          action="Make new codes"
          onClose={close}
          onSubmit={async (password, code) => setCodes((await account.newBackupCodes(password, code)).backupCodes)}
        >
          <p>You get ten new codes. Those that you have stop working.</p>
        </IdentityForm>
      ) : (
        <BackupCodes codes={codes} onKept={close} />
      )}
    </Dialog>
  )
}
