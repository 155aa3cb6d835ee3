import { hash, randomInt } from 'node:crypto'
import type { Audit } from '#server/auth/audit.ts'
import type { Auth } from '#server/auth/auth.ts'
import { AuthError } from '#server/auth/auth-error.ts'
import type { Identity } from '#server/auth/identity.ts'
import { type Ephemeral, EphemeralError } from '#server/store/ephemeral.ts'
import type { DeviceName } from './fleet.ts'

/** One-time codes with which an operator lets somebody into the local pane of one screen. Good on every node. */
export interface PaneCodes {
  /** Throws `unknown_device`, `rate_limited`, `unavailable`. */
  issue(by: Identity, deviceId: string): Promise<{ readonly code: string; readonly expiresAt: string }>
  /** Whether the digits open the pane of this screen: true once. Throws `rate_limited`, `unavailable`. */
  redeem(device: DeviceName, code: string): Promise<boolean>
}

export interface PaneCodesOptions {
  readonly ephemeral: Pick<Ephemeral, 'put' | 'take' | 'count'>
  readonly devices: Pick<Auth['devices'], 'find'>
  readonly audit: Audit
  readonly clock?: () => number
}

const lifetimeMs = 5 * 60_000
/** Codes of one screen, and tries at it, in five minutes. Of 100,000,000 codes a guess hits one in a million then. */
const mostCodes = 10
const mostTries = 10

export function createPaneCodes({ ephemeral, devices, audit, clock = Date.now }: PaneCodesOptions): PaneCodes {
  async function limit(what: string, deviceId: string, most: number): Promise<void> {
    const { count, endsInMs } = await ephemeral.count(`pane-${what}:${deviceId}`, lifetimeMs)
    if (count <= most) return
    const retryAfter = Math.ceil(endsInMs / 1000)
    throw new AuthError('rate_limited', `That was often enough for this screen. Try again in ${retryAfter} seconds.`, {
      retryAfter,
    })
  }

  return {
    issue: (by, deviceId) =>
      whileThereIs(async () => {
        const { id, name } = await devices.find(deviceId)
        await limit('codes', id, mostCodes)
        const code = String(randomInt(100_000_000)).padStart(8, '0')
        await ephemeral.put(keyOf(id, code), '1', lifetimeMs)
        await audit.record({ action: 'device_pane_code', actor: by, target: { kind: 'device', id, name } })
        return { code, expiresAt: new Date(clock() + lifetimeMs).toISOString() }
      }),
    redeem: ({ id, name }, code) =>
      whileThereIs(async () => {
        await limit('tries', id, mostTries)
        const isRight = (await ephemeral.take(keyOf(id, code))) !== null
        const outcome = isRight ? 'done' : 'refused'
        await audit.record({ action: 'device_pane_open', outcome, target: { kind: 'device', id, name } })
        return isRight
      }),
  }
}

/** Who reads what is kept cannot open a pane with it. */
function keyOf(deviceId: string, code: string): string {
  return `pane-code:${hash('sha256', `${deviceId} ${code}`, 'base64url')}`
}

async function whileThereIs<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof EphemeralError)) throw error
    const sentence = 'Codes cannot be given or taken at the moment. Try again in a second.'
    throw new AuthError('unavailable', sentence, { cause: error, retryAfter: 1 })
  }
}
