import { useEffect, useState } from 'react'

/** What main tells its window: ask once, then listen. */
export interface StateSource<T> {
  state(): Promise<T>
  onState(listener: (state: T) => void): () => void
}

/** The state main told last; null until the first answer. */
export function useBridgeState<T>(source: StateSource<T>): T | null {
  const [state, setState] = useState<T | null>(null)
  useEffect(() => follow(source, setState), [source])
  return state
}

/** Listens first and asks then: what was told while the question was under way is newer than the answer. */
export function follow<T>(source: StateSource<T>, tell: (state: T) => void): () => void {
  let told = false
  const stop = source.onState((state) => {
    told = true
    tell(state)
  })
  source.state().then(
    (state) => {
      if (!told) tell(state)
    },
    (error: unknown) => console.error('main does not answer', error),
  )
  return () => {
    told = true
    stop()
  }
}
