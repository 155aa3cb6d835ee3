import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { DeviceCommandRequest } from '#protocol/device-commands.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { useList } from '../use-list.ts'
import { commandsKey } from './use-live-screen.ts'

/** What a screen was told, as it is told and answered. Asked for as well: deadlines pass without news. */
export function useCommands(id: string) {
  const { screens } = useApi()
  return useList(commandsKey(id), (cursor) => screens.commands(id, cursor), { refetchMs: 5000 })
}

/** Sends a command, and says what stood against it. */
export function useSend(id: string) {
  const { screens } = useApi()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (request: DeviceCommandRequest) => screens.send(id, request),
    onSettled: () => queries.invalidateQueries({ queryKey: commandsKey(id) }),
  })
}

export function showProblem(error: unknown): void {
  notifications.show({ color: 'red', message: asApiError(error).message })
}
