import type { Database } from '#server/auth/database.ts'

/**
 * Fairness between owners, as queues of a network have it: what could be begun has a turn, and the lowest is next. An
 * owner's own follow each other, and whoever has none waiting begins with the lowest there is. So one who submits a
 * single task is next, whether another has one waiting or ten thousand.
 */
export interface Turns {
  next(ownerId: string, priority: number): Promise<number>
}

export function createTurns(database: Database): Turns {
  return {
    // Read outside of any transaction: two at the same instant may get the same one, which does no harm.
    async next(ownerId, priority) {
      const own = await database.get<{ turn: number | null }>(
        'select max(turn) as turn from tasks where turn is not null and owner_id = ? and priority = ?',
        ownerId,
        priority,
      )
      const lowest = await database.get<{ turn: number | null }>(
        'select min(turn) as turn from tasks where turn is not null and priority = ?',
        priority,
      )
      return Math.max((own?.turn ?? 0) + 1, lowest?.turn ?? 1)
    },
  }
}
