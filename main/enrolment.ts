import type { EnrolmentAnswer, EnrolmentRequest, EnrolmentTokenAnswer } from '#protocol/devices.ts'
import type { LinkTrouble } from '#protocol/ipc.ts'
import { backoff } from './backoff.ts'
import { pause } from './pause.ts'
import type { ServerApi } from './server-api.ts'
import { ServerError } from './server-error.ts'

export interface EnrolmentOptions {
  readonly api: Pick<ServerApi, 'check' | 'enrol' | 'enrolmentToken'>
  readonly request: EnrolmentRequest
  readonly signal: AbortSignal
  /** This code is to be shown. The same one again after the server was away. `expiresAt` is in ms since 1970. */
  onCode(answer: EnrolmentAnswer, expiresAt: number): void
  onUnreachable(trouble: { readonly code: LinkTrouble; readonly message: string; readonly retryAt: number }): void
  onNotice(message: string): void
  /** Milliseconds of a second; for tests. */
  readonly second?: number
}

/**
 * Asks for a code and polls until somebody approves it (RFC 8628). Expired and refused codes are replaced; a server that
 * is away is waited for. Ends only with an approval, or with the signal's reason.
 */
export async function enrol(options: EnrolmentOptions): Promise<EnrolmentTokenAnswer> {
  for (;;) {
    const answer = await askForCode(options)
    const decision = await awaitDecision(answer, options)
    if (decision === 'refused') options.onNotice('An operator refused this screen. Ask them to approve the new code.')
    else if (decision !== 'expired') return decision
  }
}

async function askForCode(options: EnrolmentOptions): Promise<EnrolmentAnswer> {
  const { api, request, signal, second = 1000 } = options
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted()
    try {
      await api.check(signal)
      return await api.enrol(request, signal)
    } catch (error) {
      signal.throwIfAborted()
      await waitAfter(error, backoff(attempt, second, 30 * second), options)
    }
  }
}

async function awaitDecision(
  answer: EnrolmentAnswer,
  options: EnrolmentOptions,
): Promise<EnrolmentTokenAnswer | 'expired' | 'refused'> {
  const { api, signal, second = 1000 } = options
  const expiresAt = Date.now() + answer.expires_in * second
  let interval = Math.max(1, answer.interval) * second
  let failures = 0
  options.onCode(answer, expiresAt)
  while (Date.now() < expiresAt) {
    await pause(Math.min(interval, expiresAt - Date.now()), signal)
    signal.throwIfAborted()
    try {
      return await api.enrolmentToken(answer.device_code, signal)
    } catch (error) {
      signal.throwIfAborted()
      const code = error instanceof ServerError ? error.code : 'internal'
      if (code === 'access_denied') return 'refused'
      if (code === 'slow_down') interval += 5 * second
      if (code === 'slow_down' || code === 'authorization_pending') {
        if (failures > 0) options.onCode(answer, expiresAt)
        failures = 0
      } else if (wentAway(code)) {
        await waitAfter(error, backoff(failures++, second, 30 * second), options)
      } else {
        return 'expired' // the server knows nothing of this code, or not any more
      }
    }
  }
  return 'expired'
}

function wentAway(code: string): boolean {
  return ['server_unreachable', 'not_carillon', 'rate_limited', 'unavailable', 'internal'].includes(code)
}

async function waitAfter(error: unknown, wait: number, options: EnrolmentOptions): Promise<void> {
  if (!(error instanceof ServerError)) throw error
  const code = error.code === 'server_unreachable' || error.code === 'not_carillon' ? error.code : 'refused'
  options.onUnreachable({ code, message: error.message, retryAt: Date.now() + wait })
  await pause(wait, options.signal)
}
