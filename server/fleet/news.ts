import type { Logger } from 'pino'
import { telemetryChannel } from '#protocol/channel.ts'
import type { DeviceNews } from '#protocol/device-report.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { PublishCall, PublishOutcome } from '#server/realtime/realtime.ts'

/** The rest of the server, where it publishes for itself. */
export const server: Identity = { kind: 'local', userId: 'local', name: 'Carillon', role: 'admin' }

export type Publish = (by: Identity, call: PublishCall) => Promise<PublishOutcome>

export type TellOperators = (deviceName: string, news: DeviceNews) => Promise<void>

/** Tells those who watch a device. Whoever misses it reads the same over HTTP, so nothing fails for it. */
export function createNews({ publish, log }: { readonly publish: Publish; readonly log: Logger }): TellOperators {
  return async (deviceName, data) => {
    const outcome = await publish(server, { channel: telemetryChannel(deviceName), data })
    // A site with namespaces of its own may do without this one.
    if (outcome.ok || outcome.error === 'unknownChannel') return
    log.warn({ device: deviceName, reason: outcome.message }, 'news of a device were not published')
  }
}
