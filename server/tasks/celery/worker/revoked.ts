/** Ids of tasks that are not to be begun. As Celery's, they are remembered for three hours, the newest 50,000. */
export interface Revoked {
  add(id: string): void
  has(id: string): boolean
  ids(): string[]
}

export function createRevoked({ now = Date.now, keepMs = 3 * 3600_000, most = 50_000 } = {}): Revoked {
  /** In the order of their coming, with when they came. */
  const ids = new Map<string, number>()
  return {
    add(id) {
      ids.delete(id)
      ids.set(id, now())
      forgetOld()
    },
    has: (id) => (ids.get(id) ?? Number.NEGATIVE_INFINITY) > now() - keepMs,
    ids() {
      forgetOld()
      return [...ids.keys()]
    },
  }

  function forgetOld(): void {
    for (const [id, since] of ids) {
      if (ids.size <= most && since > now() - keepMs) return
      ids.delete(id)
    }
  }
}
