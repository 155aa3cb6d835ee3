import type { z } from 'zod'
import type {
  DeviceCommandDetail,
  DeviceCommandResult,
  DeviceCommandView,
  deviceCommandRequest,
} from '#protocol/device-commands.ts'
import type { DeviceStatus, KeptStatus } from '#protocol/device-report.ts'
import type { DeviceSettings } from '#protocol/device-settings.ts'
import type { Identity } from '#server/auth/identity.ts'

/** What devices are told to do and what they say of themselves. Who may ask is decided at the edge. */
export interface Fleet extends AsyncDisposable {
  /**
   * Tells a device to do something. `isNew` is false where the same sender has sent it with this idempotency key before.
   * Throws `unknown_device`, `already_exists` for another command with this key, `too_many_commands`, `unavailable`, and
   * what stands against publishing to `commands:<device>`.
   */
  send(
    by: Identity,
    deviceId: string,
    request: z.output<typeof deviceCommandRequest>,
    idempotencyKey?: string | null,
  ): Promise<{ readonly command: DeviceCommandView; readonly isNew: boolean }>
  /** The newest first. Throws `unknown_device`, and `bad_request` for the cursor of another list. */
  commands(
    deviceId: string,
    page: { readonly limit: number; readonly cursor: string | null },
  ): Promise<{ readonly items: readonly DeviceCommandView[]; readonly next: string | null }>
  /** Throws `unknown_command`. */
  command(deviceId: string, id: string): Promise<DeviceCommandDetail>
  /** How a command ended, as the device says. Saying it twice is as good as once. Throws `unknown_command`. */
  settle(device: DeviceName, result: DeviceCommandResult): Promise<void>
  /** What a device says of itself. Throws `unavailable` when it says more than can be kept. */
  report(device: DeviceName, status: DeviceStatus): Promise<void>
  statusOf(deviceId: string): Promise<KeptStatus | null>
  /** By the device's id. */
  statuses(): Promise<ReadonlyMap<string, KeptStatus>>
  /** The picture that a command asked for. Throws `unknown_command`, and `bad_request` for what is none. */
  keepScreenshot(device: DeviceName, commandId: string, png: Buffer): Promise<void>
  /** Throws `not_found`. */
  screenshot(deviceId: string, commandId: string): Promise<Uint8Array>
  settings(deviceId: string): Promise<DeviceSettings>
  /** Null takes it away. Throws `unknown_device`. */
  setPin(by: Identity, deviceId: string, pin: string | null): Promise<void>
  /** Ids of the devices that have a PIN. */
  withPin(): Promise<ReadonlySet<string>>
}

export interface DeviceName {
  readonly id: string
  readonly name: string
}
