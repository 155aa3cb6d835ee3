import type { KioskBridge } from '#protocol/ipc.ts'
import { useBridgeState } from '../shared/bridge-state.ts'
import { EnrolledView } from './enrolled-view.tsx'
import { EnrollingView } from './enrolling-view.tsx'
import { NoKeychainView } from './no-keychain-view.tsx'
import { StartingView } from './starting-view.tsx'
import { UnreachableView } from './unreachable-view.tsx'

/** The whole window: one view for each phase main can be in. */
export function Kiosk({ bridge }: { readonly bridge: KioskBridge }) {
  const state = useBridgeState(bridge)
  const shell = useBridgeState(bridge.shell)
  if (state === null) return <StartingView />
  switch (state.phase) {
    case 'starting':
      return <StartingView />
    case 'unreachable':
      return <UnreachableView state={state} clock={shell?.clock ?? null} notice={shell?.notice ?? null} />
    case 'enrolling':
      return <EnrollingView key={state.userCode} state={state} notice={shell?.notice ?? null} />
    case 'no-keychain':
      return <NoKeychainView message={state.message} accept={() => bridge.acceptMemory()} />
    case 'enrolled':
      return <EnrolledView state={state} shell={shell} />
    default:
      return state satisfies never
  }
}
