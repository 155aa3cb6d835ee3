import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'

/** Whether whoever was signed in has left; else the server has ended the session. */
export const leftByThemselves = ['left']

/** Ends the session, and forgets what was read in it. */
export function useSignOut() {
  const api = useApi()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: api.signOut,
    onSuccess: () => {
      queries.setQueryData(['me'], null)
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
      queries.setQueryData(leftByThemselves, true)
    },
    onError: (error) => notifications.show({ color: 'red', message: asApiError(error).message }),
  })
}
