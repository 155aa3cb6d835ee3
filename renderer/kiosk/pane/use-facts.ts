import { useEffect, useState } from 'react'
import type { PaneBridge, PaneFacts } from '#protocol/pane.ts'

/** What every view of the pane is given. */
export interface ViewProps {
  readonly bridge: PaneBridge
  readonly facts: PaneFacts
}

const everyMs = 2000

/** What main knows of this screen, asked again every two seconds; null until the first answer. */
export function useFacts(bridge: Pick<PaneBridge, 'facts'>): PaneFacts | null {
  const [facts, setFacts] = useState<PaneFacts | null>(null)
  useEffect(() => {
    let isGone = false
    let timer: number | undefined
    const ask = async (): Promise<void> => {
      const answer = await bridge.facts().catch(() => null)
      if (isGone) return
      if (answer?.ok) setFacts(answer.value)
      timer = window.setTimeout(ask, everyMs)
    }
    void ask()
    return () => {
      isGone = true
      window.clearTimeout(timer)
    }
  }, [bridge])
  return facts
}
