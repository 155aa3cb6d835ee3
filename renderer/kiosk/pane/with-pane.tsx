import type { ReactNode } from 'react'
import type { PaneBridge } from '#protocol/pane.ts'
import { useBridgeState } from '../../shared/bridge-state.ts'
import { Pane } from './pane.tsx'

/** The pane in the place of everything else while somebody has it open. */
export function WithPane({ bridge, children }: { readonly bridge: PaneBridge; readonly children: ReactNode }) {
  const state = useBridgeState(bridge)
  return state === null || state.phase === 'closed' ? children : <Pane bridge={bridge} state={state} />
}
