import type { Centrifuge, ServerPublicationContext } from 'centrifuge'
import { type TaskView, taskPush } from '#protocol/tasks.ts'

export interface TaskListener {
  /** What has changed, by id. Many changes within a moment come together. */
  readonly onTasks: (tasks: ReadonlyMap<string, TaskView>) => void
  /** Changes may have been missed: at first, and after more time away than the server remembers. */
  readonly onUnknown: () => void
}

/** Follows tasks in a channel until the answer is called. */
export function watchTasks(client: Centrifuge, channel: string, { onTasks, onUnknown }: TaskListener): () => void {
  let changed = new Map<string, TaskView>()
  let timer: number | undefined
  const flush = (): void => {
    window.clearTimeout(timer)
    timer = undefined
    const tasks = changed
    changed = new Map()
    onTasks(tasks)
  }
  const take = ({ data }: { readonly data: unknown }): void => {
    const push = taskPush.safeParse(data)
    if (!push.success) return
    changed.set(push.data.task.id, push.data.task)
    if (changed.size >= mostAtOnce) flush()
    else timer ??= window.setTimeout(flush, gatherMs)
  }
  // A server may subscribe everybody to their own channel by itself, and then does not do it again.
  const takeOwn = (publication: ServerPublicationContext): void => {
    if (publication.channel.endsWith(channel)) take(publication)
  }
  const subscription = client.newSubscription(channel)
  subscription.on('publication', take)
  subscription.on('subscribed', ({ recovered }) => {
    if (!recovered) onUnknown()
  })
  client.on('publication', takeOwn)
  subscription.subscribe()
  return () => {
    window.clearTimeout(timer)
    client.off('publication', takeOwn)
    subscription.removeAllListeners()
    subscription.unsubscribe()
    client.removeSubscription(subscription)
  }
}

const gatherMs = 150
const mostAtOnce = 1000
