import type { TaskSettings } from '#server/config/tasks.ts'
import type { Definitions } from './definitions/load-definitions.ts'

/** Where a task of this name goes that says nothing else: by the site's routes, then as it declares. */
export function queueOf(
  name: string,
  definitions: Pick<Definitions, 'byName'>,
  { routes, default_queue: usual }: Pick<TaskSettings, 'routes' | 'default_queue'>,
): string {
  const route = routes.find(({ task }) => (task.endsWith('*') ? name.startsWith(task.slice(0, -1)) : name === task))
  return route?.queue ?? definitions.byName.get(name)?.queue ?? usual
}
