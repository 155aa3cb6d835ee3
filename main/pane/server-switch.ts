import type { Answer } from '#protocol/pane.ts'
import type { Log } from '../log.ts'
import { serverOrigin } from '../server-address.ts'
import { ServerError } from '../server-error.ts'

export interface ServerSwitchOptions {
  /** The origin that the kiosk is with. */
  current(): string
  /** Whether Carillon answers there. Rejects with a `ServerError`. */
  check(origin: string, signal: AbortSignal): Promise<unknown>
  /** The kiosk goes over, at once. */
  use(origin: string): void
  /** Resolves once the kiosk shows a code of this server or is online there; rejects with the signal's reason. */
  settled(origin: string, signal: AbortSignal): Promise<void>
  /** It is the kiosk's server from now on, also after a restart. */
  keep(origin: string): void
  readonly log: Log
  /** Milliseconds in which the kiosk has to settle. 30,000 unless told otherwise. */
  readonly timeout?: number
}

/** Changes the server of a running kiosk. Nothing is kept before it works: until then a restart brings the old one back. */
export type ServerSwitch = (address: string) => Promise<Answer<string>>

export function createServerSwitch(options: ServerSwitchOptions): ServerSwitch {
  const { current, check, use, settled, keep, log, timeout = 30_000 } = options
  let isChanging = false

  async function change(address: string): Promise<Answer<string>> {
    const signal = AbortSignal.timeout(timeout)
    const origin = serverOrigin(address)
    const old = current()
    if (origin === old) return { ok: false, code: 'same_server', message: `${origin} is this screen's server already.` }
    await check(origin, signal)
    use(origin)
    try {
      await settled(origin, signal)
    } catch (error) {
      use(old)
      log.warn('server not changed', { server: origin, error: error instanceof Error ? error.message : String(error) })
      const message = `${origin} answers, but this screen could not begin there within ${timeout / 1000} s. It is back with ${old}.`
      return { ok: false, code: 'server_not_kept', message }
    }
    keep(origin)
    log.info('server changed', { server: origin })
    return { ok: true, value: origin }
  }

  return async (address) => {
    if (isChanging) return { ok: false, code: 'busy', message: 'The address before is still being tried.' }
    isChanging = true
    try {
      return await change(address)
    } catch (error) {
      if (error instanceof ServerError) return { ok: false, code: error.code, message: error.message }
      throw error
    } finally {
      isChanging = false
    }
  }
}
