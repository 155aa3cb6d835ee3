import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { asApiError } from './api-error.ts'

/** What went wrong, in the server's own words. Nothing when nothing did. */
export function ProblemAlert({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  const problem = asApiError(error)
  const { message } = problem
  // Of what somebody filled in the sentence says enough: "the request" is a word for programs.
  const title = problem.is('bad_request') ? undefined : problem.title
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertTriangle aria-hidden="true" />}>
      {title !== undefined && `${message}.`.startsWith(`${title}.`) ? message.slice(title.length + 1).trim() : message}
    </Alert>
  )
}
