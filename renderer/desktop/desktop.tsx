import type { DesktopBridge } from '#protocol/ipc.ts'
import { useBridgeState } from '../shared/bridge-state.ts'
import { LiveView } from './live-view.tsx'
import { SignInView } from './sign-in-view.tsx'
import { StartingView } from './starting-view.tsx'

/** The whole window: one view for each phase main can be in. */
export function Desktop({ bridge }: { readonly bridge: DesktopBridge }) {
  const state = useBridgeState(bridge)
  if (state === null) return <StartingView />
  switch (state.phase) {
    case 'starting':
      return <StartingView />
    case 'signed-out':
      return <SignInView bridge={bridge} server={state.server} notice={state.notice} />
    case 'signed-in':
      // Another account begins with an empty list.
      return <LiveView key={`${state.server} ${state.account.email}`} bridge={bridge} state={state} />
    default:
      return state satisfies never
  }
}
