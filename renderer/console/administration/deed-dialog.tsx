import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { ConfirmDialog } from '../../mantine/confirm-dialog.tsx'
import { asApiError } from '../api-error.ts'

/** What is said of something that is done to a user or a service. */
export interface DeedWords {
  readonly title: (name: string) => string
  readonly action: string
  readonly dangerous: boolean
  readonly text: string
  readonly done: (name: string) => string
}

interface DeedDialogProps {
  readonly opened: boolean
  readonly words: DeedWords
  /** Whom or what it is done to. */
  readonly name: string
  /** The list in which it shows. */
  readonly list: 'users' | 'services'
  readonly perform: () => Promise<void>
  readonly onClose: () => void
}

/** Asks first, does it, and tells that it is done. */
export function DeedDialog({ opened, words, name, list, perform, onClose }: DeedDialogProps) {
  const queries = useQueryClient()
  const confirmed = async (): Promise<string | null> => {
    try {
      await perform()
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: [list] })
    notifications.show({ message: words.done(name) })
    return null
  }
  return (
    <ConfirmDialog
      opened={opened}
      title={words.title(name)}
      action={words.action}
      dangerous={words.dangerous}
      onConfirm={confirmed}
      onClose={onClose}
    >
      <p>{words.text}</p>
    </ConfirmDialog>
  )
}
