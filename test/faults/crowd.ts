import { fork } from 'node:child_process'
import { once } from 'node:events'
import { SignJWT } from 'jose'
import { z } from 'zod'

/** Clients in a process of their own, so that they and the test do not hold each other up. */
export interface Crowd extends AsyncDisposable {
  report(): Promise<CrowdReport>
}

const place = z.object({ offset: z.number(), epoch: z.string() })

const crowdReport = z.object({
  received: z.number(),
  recovered: z.number(),
  told: z.number(),
  lostConnections: z.number(),
  lostSubscriptions: z.number(),
  longestSilence: z.number(),
  violations: z.array(z.string()),
  firstPlaces: z.array(z.tuple([z.string(), z.number()])).transform((places) => new Map(places)),
  /** What anybody has seen where, by `epoch offset`. */
  seen: z.array(z.tuple([z.string(), z.number()])).transform((seen) => new Map(seen)),
  /** Where each client is; null for one that is not subscribed. */
  places: z.array(place.nullable()),
})
export type CrowdReport = z.infer<typeof crowdReport>

export interface CrowdOptions {
  readonly urls: readonly string[]
  readonly secret: string
  readonly channel: string
  readonly clients: number
  /** How many of them are real SDKs. */
  readonly sdkClients: number
}

export async function startCrowd({ urls, secret, channel, clients, sdkClients }: CrowdOptions): Promise<Crowd> {
  const child = fork(new URL('./crowd-program.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = once(child, 'exit')
  const key = new TextEncoder().encode(secret)
  const tokens = await Promise.all(
    Array.from({ length: clients }, (_, n) =>
      new SignJWT({}).setSubject(`user-${n}`).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key),
    ),
  )
  child.send({ kind: 'follow', urls, tokens, channel, sdkClients })
  return {
    async report() {
      child.send({ kind: 'report' })
      const died = gone.then(() => Promise.reject(new Error('the crowd has died, see above')))
      const [answer] = await Promise.race([once(child, 'message', { signal: AbortSignal.timeout(30_000) }), died])
      return crowdReport.parse(answer)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
