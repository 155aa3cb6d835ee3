import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { telemetryChannel } from '#protocol/channel.ts'
import { deviceNews } from '#protocol/device-report.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { useApi } from '../api-context.ts'
import type { LiveLink } from '../live-link.ts'

export const screenKey = (name: string) => ['screen', name] as const
export const commandsKey = (id: string) => ['screen-commands', id] as const

/** A screen as it is now. What it says is told; whether it is there is asked for. */
export function useScreen(link: LiveLink, name: string, isWatched: boolean) {
  const { screens } = useApi()
  const queries = useQueryClient()
  const screen = useQuery({ queryKey: screenKey(name), queryFn: () => screens.find(name), refetchInterval: 3000 })
  const id = screen.data?.id

  useEffect(() => {
    // Viewers may not follow it, and see by asking how it is.
    if (!isWatched || id === undefined) return
    const readAgain = (): void => void queries.invalidateQueries({ queryKey: commandsKey(id) })
    const subscription = link.client.newSubscription(telemetryChannel(name))
    subscription.on('publication', ({ data, info }) => {
      // Other devices may publish there too; what a client says has its info.
      const news = info === undefined ? deviceNews.safeParse(data) : null
      if (news?.success !== true) return
      if (news.data.type === 'command') return readAgain()
      const { status } = news.data
      queries.setQueryData<DeviceView | null>(screenKey(name), (read) => read && { ...read, status })
    })
    subscription.on('subscribed', readAgain)
    subscription.subscribe()
    return () => {
      subscription.removeAllListeners()
      subscription.unsubscribe()
      link.client.removeSubscription(subscription)
    }
  }, [link, queries, name, id, isWatched])
  return screen
}
