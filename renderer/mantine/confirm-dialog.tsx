import { Alert, Button, Group, Stack } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Dialog } from './dialog.tsx'

interface ConfirmDialogProps {
  readonly opened: boolean
  readonly title: string
  readonly children: ReactNode
  /** The verb on the button that does it. */
  readonly action: string
  /** On the button that leaves everything as it is. Default Cancel. */
  readonly dismiss?: string
  /** What cannot be undone is red. */
  readonly dangerous?: boolean
  /** Does it, and answers what went wrong or null. The dialog closes by itself when all went well. */
  readonly onConfirm: () => Promise<string | null>
  readonly onClose: () => void
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, title, children, action, dismiss = 'Cancel', dangerous = false, onConfirm, onClose } = props
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const close = (): void => {
    setFailure(null)
    onClose()
  }
  const confirm = async (): Promise<void> => {
    setBusy(true)
    const wrong = await onConfirm()
    setBusy(false)
    if (wrong === null) close()
    else setFailure(wrong)
  }
  return (
    <Dialog opened={opened} onClose={close} title={title}>
      <Stack gap="md">
        <div>{children}</div>
        {failure !== null && (
          <Alert color="red" role="alert">
            {failure}
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={close} data-autofocus>
            {dismiss}
          </Button>
          <Button {...(dangerous ? { color: 'red' } : {})} loading={busy} onClick={confirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  )
}
