import { pino } from 'pino'
import { enrolled, operator, startAuth } from '#server/auth/auth-fixture.ts'
import type { PublishCall, PublishOutcome } from '#server/realtime/realtime.ts'
import { createFleet } from './create-fleet.ts'

/** A fleet of one device on real records, with what it publishes written down. */
export async function startFleet() {
  const server = await startAuth()
  const { device } = await enrolled(server.auth)
  const published: PublishCall[] = []
  let refusal: Extract<PublishOutcome, { ok: false }> | null = null
  const { records, auth, clock } = server
  const fleet = await createFleet({
    ...{ records, auth, clock, sweeps: false, allowedOrigins: ['https://signs.example.org'] },
    async publish(_by, call) {
      if (refusal !== null) return refusal
      published.push(call)
      return { ok: true, offset: published.length, epoch: 'e' }
    },
    log: pino({ level: 'silent' }),
  })
  return {
    ...server,
    fleet,
    device,
    /** What went to the device, and to those who watch it. */
    commands: () => dataOf(published, 'commands:'),
    news: () => dataOf(published, 'telemetry:'),
    refuse(given: typeof refusal) {
      refusal = given
    },
    send: (request: Partial<Parameters<typeof fleet.send>[2]> = {}, key: string | null = null) =>
      fleet.send(operator, device.id, { ...reload, ...request } as Parameters<typeof fleet.send>[2], key),
  }
}

const reload = { command: 'reload', args: { fresh: false }, expiresIn: 60 } as const

function dataOf(published: readonly PublishCall[], prefix: string): unknown[] {
  return published.filter(({ channel }) => channel === `${prefix}lobby-1`).map(({ data }) => data)
}
