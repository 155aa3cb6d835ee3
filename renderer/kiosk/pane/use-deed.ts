import { type ReactNode, useState } from 'react'
import type { Outcome } from '#protocol/ipc.ts'

/** Something that main is asked to do: whether it is under way, and what came of it. */
export interface Deed {
  readonly isRunning: boolean
  readonly result: { readonly isGood: boolean; readonly words: ReactNode } | null
  /** `words` of what was done. */
  run<T extends Outcome>(ask: () => Promise<T>, words: (done: Extract<T, { ok: true }>) => ReactNode): void
}

export function useDeed(): Deed {
  const [isRunning, setRunning] = useState(false)
  const [result, setResult] = useState<Deed['result']>(null)
  return {
    isRunning,
    result,
    run(ask, words) {
      setRunning(true)
      setResult(null)
      ask()
        .then(
          (outcome) =>
            setResult(
              outcome.ok
                ? { isGood: true, words: words(outcome as Extract<typeof outcome, { ok: true }>) }
                : { isGood: false, words: outcome.message },
            ),
          () => setResult({ isGood: false, words: 'The app does not answer. Restart it.' }),
        )
        .finally(() => setRunning(false))
    },
  }
}
