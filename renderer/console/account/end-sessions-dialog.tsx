import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { ConfirmDialog } from '../../mantine/confirm-dialog.tsx'
import type { ApiClient } from '../api-client.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'

export type SessionEnding =
  | { readonly which: 'one'; readonly id: string; readonly name: string }
  | { readonly which: 'others' | 'programs' }

interface EndSessionsDialogProps {
  /** What is to end; closed without one. */
  readonly ending: SessionEnding | null
  readonly onClose: () => void
}

export function EndSessionsDialog({ ending, onClose }: EndSessionsDialogProps) {
  const api = useApi()
  const queries = useQueryClient()
  const words = ending === null ? null : wordsFor(ending)
  const confirm = async (): Promise<string | null> => {
    if (ending === null) return null
    try {
      notifications.show({ message: await end(api, ending) })
    } catch (error) {
      return asApiError(error).message
    }
    await queries.invalidateQueries({ queryKey: ['sessions'] })
    return null
  }
  return (
    <ConfirmDialog
      opened={words !== null}
      title={words?.title ?? ''}
      action={words?.action ?? ''}
      dangerous
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{words?.consequence}</p>
    </ConfirmDialog>
  )
}

async function end({ account }: ApiClient, ending: SessionEnding): Promise<string> {
  if (ending.which === 'one') {
    await account.endSession(ending.id)
    return `${ending.name} has been signed out.`
  }
  const ended = await account.endSessions(ending.which)
  return ended === 1 ? 'One session has ended.' : `${ended} sessions have ended.`
}

function wordsFor(ending: SessionEnding): { title: string; action: string; consequence: string } {
  switch (ending.which) {
    case 'one':
      return {
        title: `End ${ending.name}?`,
        action: 'End',
        consequence: 'It is signed out at once and its connections close. To go on there, sign in again.',
      }
    case 'others':
      return {
        title: 'Sign out everywhere else?',
        action: 'Sign out',
        consequence:
          'Every other browser and program is signed out at once, and its connections close. Keys and services go on.',
      }
    case 'programs':
      return {
        title: 'Reset tokens of programs?',
        action: 'Reset',
        consequence:
          'Every token that a program got with your password stops working at once, and so does what you let services do. Programs have to sign in again, services have to ask you again. Browsers and keys go on.',
      }
    default:
      return ending satisfies never
  }
}
