import type { Centrifuge, Options } from 'centrifuge'
import { EventSource } from 'eventsource'
import type { RealtimeRig } from './realtime-rig.ts'
import { sdk } from './realtime-sdk.ts'

/** The unmodified SDK over HTTP. */
export function emulatedSdk(
  { httpUrl }: Pick<RealtimeRig, 'httpUrl'>,
  transport: 'http_stream' | 'sse',
  options: Partial<Options> = {},
): Centrifuge {
  const endpoint = `${httpUrl}/connection/${transport}`
  return sdk([{ transport, endpoint }], { ...overHttp(httpUrl), ...options })
}

/** What the SDK needs to go over HTTP. `onPost` is told the commands it sends beside its stream. */
export function overHttp(httpUrl: string, onPost: (data: string) => void = () => {}): Partial<Options> {
  const fetching: typeof fetch = async (input, init) => {
    if (!String(input).endsWith('/emulation')) return fetch(input, init)
    onPost((JSON.parse(String(init?.body)) as { data: string }).data)
    // The SDK does not wait for it, so nobody else would catch what goes wrong.
    return fetch(input, init).catch(() => Response.error())
  }
  return {
    fetch: fetching,
    readableStream: ReadableStream,
    eventsource: EventSource,
    emulationEndpoint: `${httpUrl}/emulation`,
  }
}
