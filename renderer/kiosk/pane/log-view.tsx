import { useEffect, useState } from 'react'
import { Scroll } from './scroll.tsx'
import type { ViewProps } from './use-facts.ts'

export function LogView({ bridge }: ViewProps) {
  const [lines, setLines] = useState<readonly string[] | null>(null)
  useEffect(() => {
    let isGone = false
    const tell = (told: readonly string[]): void => {
      if (!isGone) setLines(told)
    }
    bridge.log().then(
      (answer) => tell(answer.ok ? answer.value : [answer.message]),
      () => tell(['The app does not answer.']),
    )
    return () => {
      isGone = true
    }
  }, [bridge])
  if (lines === null) return null
  if (lines.length === 0) return <p className="pane-text">The log is empty.</p>
  return (
    <Scroll label="The newest lines of the log" isAtEnd>
      <pre className="pane-log">{lines.join('\n')}</pre>
    </Scroll>
  )
}
