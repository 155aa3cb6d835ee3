import { z } from 'zod'
import { page } from '#protocol/api.ts'
import {
  type DeviceCommandDetail,
  type DeviceCommandRequest,
  type DeviceCommandView,
  deviceCommandDetail,
  deviceCommandView,
} from '#protocol/device-commands.ts'
import { type DeviceView, deviceView } from '#protocol/devices.ts'
import { type PaneCode, paneCodeAnswer } from '#protocol/pane-codes.ts'
import type { Ask } from '../ask.ts'
import { queryOf } from '../query-of.ts'
import type { Page } from '../use-list.ts'

/** One screen, and what it is told. Every verb throws `ApiError`. */
export interface ScreensApi {
  /** Null when there is none of this name. */
  find(name: string): Promise<DeviceView | null>
  send(id: string, request: DeviceCommandRequest): Promise<DeviceCommandView>
  /** The newest first. */
  commands(id: string, cursor: string | null): Promise<Page<DeviceCommandView>>
  command(id: string, command: string): Promise<DeviceCommandDetail>
  setPin(id: string, pin: string | null): Promise<void>
  /** For somebody who stands before the screen. */
  paneCode(id: string): Promise<PaneCode>
}

export function createScreensApi(ask: Ask): ScreensApi {
  const of = (id: string, rest: string) => `/api/v1/devices/${encodeURIComponent(id)}/${rest}`
  return {
    find: async (name) =>
      (await ask('GET', `/api/v1/devices${queryOf({ name })}`, page(deviceView))).items.find(
        (device) => device.name === name,
      ) ?? null,
    send: (id, request) => ask('POST', of(id, 'commands'), deviceCommandView, request),
    commands: (id, cursor) =>
      ask('GET', of(id, `commands${queryOf({ cursor, limit: '20' })}`), page(deviceCommandView)),
    command: (id, command) => ask('GET', of(id, `commands/${command}`), deviceCommandDetail),
    setPin: async (id, pin) => void (await ask('PUT', of(id, 'pin'), z.unknown(), { pin })),
    paneCode: (id) => ask('POST', of(id, 'pane-code'), paneCodeAnswer),
  }
}

/** Where the picture of a command is. */
export function screenshotAddress({ device, id }: Pick<DeviceCommandView, 'device' | 'id'>): string {
  return `/api/v1/devices/${encodeURIComponent(device.id)}/screenshots/${id}`
}
