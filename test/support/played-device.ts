import type { Centrifuge } from 'centrifuge'
import { enrolmentAnswer, enrolmentTokenAnswer } from '#protocol/devices.ts'
import { sdkClient, ticketFor } from './sdk-client.ts'
import { bearer, type ServerProcess } from './server-process.ts'

/** A device that a test plays, with a credential of its own. */
export interface PlayedDevice {
  readonly id: string
  readonly name: string
  readonly token: string
}

/** Enrols a device as a kiosk does, and approves it as `operator`. */
export async function enrolDevice(
  server: Pick<ServerProcess, 'api'>,
  operator: string,
  name: string,
  approval: { readonly pin?: string } = {},
): Promise<PlayedDevice> {
  const about = { hostname: 'pi', version: '0.1.0', platform: 'linux arm64', storage: 'file' }
  const started = enrolmentAnswer.parse((await server.api('POST', '/api/v1/enrolments', { body: about })).body)
  const approve = `/api/v1/enrolments/${started.user_code}/approve`
  await server.api('POST', approve, { headers: bearer(operator), body: { name, ...approval } })
  const asked = { body: { device_code: started.device_code } }
  const { token, device } = enrolmentTokenAnswer.parse(
    (await server.api('POST', '/api/v1/enrolments/token', asked)).body,
  )
  return { ...device, token }
}

/** Its socket, and all that was published to its own channel. */
export async function connectDevice(server: ServerProcess, { name, token }: PlayedDevice) {
  const opened = sdkClient(server, { getToken: ticketFor(server, token) })
  const told = await published(opened.client, `commands:${name}`)
  opened.client.connect()
  await opened.client.ready(20_000)
  return { ...opened, told }
}

async function published(client: Centrifuge, channel: string): Promise<unknown[]> {
  const told: unknown[] = []
  const subscription = client.newSubscription(channel)
  subscription.on('publication', ({ data }) => void told.push(data))
  subscription.subscribe()
  return told
}
