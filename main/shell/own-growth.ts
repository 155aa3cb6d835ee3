import type { Profile } from './profile.ts'

/** How much our own page may take besides what it took once it was up, in megabytes: unseen, and at all. */
export const mostOwnGrowth: Readonly<Record<Profile, { readonly unseen: number; readonly seen: number }>> = {
  low: { unseen: 32, seen: 64 },
  usual: { unseen: 64, seen: 128 },
}

/** Answers whether our own page has grown so much that it is better begun anew; asked again and again. */
export interface OwnGrowth {
  /** `megabytes`: what its process takes now, once it has loaded. */
  isTooMuch(pid: number, megabytes: number, isSeen: boolean): boolean
}

/** It has to be up for a moment until what it takes says anything. */
const looksBefore = 2

/**
 * Its process takes some megabytes more each day although the page holds nothing more, and ours is up for months: too much
 * for a machine with one gigabyte.
 */
export function watchOwnGrowth(profile: Profile): OwnGrowth {
  const most = mostOwnGrowth[profile]
  let known = { pid: -1, looks: 0, begin: 0 }
  return {
    isTooMuch(pid, megabytes, isSeen) {
      if (pid !== known.pid) known = { pid, looks: 0, begin: 0 }
      known.looks += 1
      if (known.looks <= looksBefore) known.begin = megabytes
      return megabytes - known.begin > (isSeen ? most.seen : most.unseen)
    },
  }
}
