/** Whose turn it is on one handle: the statements of a transaction, or everybody's. */
export interface SqliteTurns {
  /** Runs one statement as soon as no transaction is open: usually now, and then it is answered at once. */
  outside<T>(statement: () => T | Promise<T>): T | Promise<T>
  /** Keeps everybody else waiting until `work` has settled. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

export function createSqliteTurns(): SqliteTurns {
  let taken: Promise<void> | undefined
  return {
    outside(statement) {
      return taken === undefined ? statement() : later(statement)
    },
    async alone(work) {
      while (taken !== undefined) await taken
      const { promise, resolve } = Promise.withResolvers<void>()
      taken = promise
      try {
        return await work()
      } finally {
        taken = undefined
        resolve()
      }
    },
  }

  async function later<T>(statement: () => T | Promise<T>): Promise<T> {
    while (taken !== undefined) await taken
    return statement()
  }
}
