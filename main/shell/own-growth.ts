/**
 * What our own page may take besides what it took once it was up, in megabytes: after so much more its garbage is
 * collected, and after so much it is begun anew, while nothing of it is seen or at all.
 */
export const ownGrowth = { collect: 16, unseen: 32, seen: 96 } as const

/** What is to be done about our own page; asked again and again. */
export interface OwnGrowth {
  /** `megabytes`: what its process takes now. */
  look(pid: number, megabytes: number, isSeen: boolean): 'nothing' | 'collect' | 'renew'
}

/** It has to be up for a moment until what it takes says anything. */
const looksBefore = 2

/**
 * The page is small and up for months. What it has done with is hardly ever collected by itself, since the little
 * JavaScript it has is no reason to, and what was drawn hangs on that.
 */
export function watchOwnGrowth(): OwnGrowth {
  let known = { pid: -1, looks: 0, begin: 0, level: 0 }
  let isCollected = false
  return {
    look(pid, megabytes, isSeen) {
      if (pid !== known.pid) known = { pid, looks: 0, begin: megabytes, level: megabytes }
      known.looks += 1
      if (known.looks <= looksBefore) known.begin = megabytes
      if (known.looks <= looksBefore || isCollected) known.level = megabytes
      isCollected = false
      if (megabytes - known.begin > (isSeen ? ownGrowth.seen : ownGrowth.unseen)) return 'renew'
      if (megabytes - known.level <= ownGrowth.collect) return 'nothing'
      isCollected = true
      return 'collect'
    },
  }
}
