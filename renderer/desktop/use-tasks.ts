import { useEffect, useState } from 'react'
import type { DesktopBridge, OwnTasksState } from '#protocol/ipc.ts'

/** The tasks of whoever is signed in, as main has them. */
export function useTasks(bridge: DesktopBridge): OwnTasksState {
  const [state, setState] = useState<OwnTasksState>({ tasks: [], definitions: [] })
  useEffect(() => {
    let told = false
    const stop = bridge.onTasks((next) => {
      told = true
      setState(next)
    })
    bridge.tasks().then(
      (first) => told || setState(first),
      (error: unknown) => console.error('main does not answer', error),
    )
    return () => {
      told = true
      stop()
    }
  }, [bridge])
  return state
}
