import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { asApiError } from './api-error.ts'

/** What went wrong, in the server's own words. Nothing when nothing did. */
export function ProblemAlert({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  const { title, message } = asApiError(error)
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertTriangle aria-hidden="true" />}>
      {message === title || message.startsWith(`${title}.`) ? message.slice(title.length + 1).trim() || null : message}
    </Alert>
  )
}
