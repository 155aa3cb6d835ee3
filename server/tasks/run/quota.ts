import type { TaskRecords } from '../records/task-records.ts'
import { TaskRefusal } from '../task-refusal.ts'

/** How many tasks may be unfinished: of one owner, and of all. */
export interface Quota {
  /** @throws TaskRefusal `too_many_tasks` */
  take(ownerId: string): Promise<void>
}

export interface QuotaOptions {
  readonly records: Pick<TaskRecords, 'unfinished' | 'unfinishedOf'>
  readonly perOwner: number
  readonly total: number
}

/** What was counted holds for a second, and longer where counting takes long; what was submitted meanwhile is added. */
interface Count {
  value: number
  readonly until: number
}

const maxOwners = 10_000

export function createQuota({ records, perOwner, total }: QuotaOptions): Quota {
  const owners = new Map<string, Count>()
  let all: Count | undefined

  async function count(kept: Count | undefined, read: () => Promise<number>): Promise<Count> {
    const begun = performance.now()
    if (kept !== undefined && kept.until > begun) return kept
    const value = await read()
    const tookMs = performance.now() - begun
    return { value, until: performance.now() + Math.max(1_000, tookMs * 50) }
  }

  return {
    async take(ownerId) {
      let own = await count(owners.get(ownerId), () => records.unfinishedOf(ownerId))
      // Before it is refused it is looked at anew.
      if (own.value >= perOwner) own = await count(undefined, () => records.unfinishedOf(ownerId))
      all = await count(all, () => records.unfinished())
      if (owners.size >= maxOwners) owners.clear()
      owners.set(ownerId, own)
      if (own.value >= perOwner) {
        const sentence = `You have ${own.value} tasks that have not ended, and may have ${perOwner}. Wait for some, or cancel some.`
        throw new TaskRefusal('too_many_tasks', sentence)
      }
      if (all.value >= total) {
        throw new TaskRefusal('too_many_tasks', 'There are too many tasks that have not ended. Try again later.')
      }
      own.value++
      all.value++
    },
  }
}
