import { page } from '#protocol/api.ts'
import { type DeviceView, deviceView } from '#protocol/devices.ts'
import type { Api } from '../api.ts'
import { CliError } from '../cli-error.ts'

/** @throws CliError `unknown_device` */
export async function findDevice(api: Api, name: string): Promise<DeviceView> {
  const { items } = await api.call('GET', `/api/v1/devices?${new URLSearchParams({ name })}`, page(deviceView))
  const device = items.find((each) => each.name === name)
  if (device !== undefined) return device
  throw new CliError('unknown_device', `There is no screen called ${name}. "carillon devices" shows which there are.`)
}
