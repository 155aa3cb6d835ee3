import type { PaneBridge, PaneState } from '#protocol/pane.ts'
import { LockView } from './lock-view.tsx'
import { OpenView } from './open-view.tsx'

interface PaneProps {
  readonly bridge: PaneBridge
  readonly state: Exclude<PaneState, { phase: 'closed' }>
}

/** The pane takes the whole page: while it is there, nothing else can have the focus. */
export function Pane({ bridge, state }: PaneProps) {
  return state.phase === 'locked' ? (
    <LockView bridge={bridge} state={state} />
  ) : (
    <OpenView bridge={bridge} state={state} />
  )
}
