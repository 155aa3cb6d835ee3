import type { Deed } from './use-deed.ts'

/** What came of what was asked for; its place is there before. */
export function DeedLine({ deed, running }: { readonly deed: Deed; readonly running: string }) {
  const { isRunning, result } = deed
  return (
    <p className={result !== null && !result.isGood ? 'pane-text trouble' : 'pane-text'} role="status">
      {isRunning ? running : (result?.words ?? '')}
    </p>
  )
}
