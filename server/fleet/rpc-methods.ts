import { deviceCommandResult } from '#protocol/device-commands.ts'
import { deviceStatus } from '#protocol/device-report.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { RpcHandler } from '#server/realtime/rpc.ts'
import { rpcMethods } from '#server/realtime/rpc-methods.ts'
import type { DeviceName, Fleet } from './fleet.ts'
import { FleetRefusal } from './fleet-refusal.ts'

/** What devices tell the server over their socket. */
export function fleetMethods(fleet: Pick<Fleet, 'settle' | 'report'>): ReadonlyMap<string, RpcHandler> {
  return new Map([
    method('device.result', deviceCommandResult, async ({ identity }, result) => {
      await fleet.settle(deviceOf(identity), result)
    }),
    method('device.report', deviceStatus, async ({ identity }, status) => {
      await fleet.report(deviceOf(identity), status)
    }),
  ])
}

const method = rpcMethods((error) => {
  if (!(error instanceof FleetRefusal)) return null
  switch (error.code) {
    case 'forbidden':
    case 'unknown_command':
    case 'unavailable':
      return error.code
    default:
      return null
  }
})

function deviceOf(identity: Identity): DeviceName {
  if (identity.kind === 'device') return { id: identity.device.id, name: identity.device.name }
  throw new FleetRefusal('forbidden', 'This is for a device, with its own credential.')
}
