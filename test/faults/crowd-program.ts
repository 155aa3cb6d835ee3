import { z } from 'zod'
import { startRawFollower } from './raw-follower.ts'
import { startSdkFollower } from './sdk-follower.ts'
import { createTestimony, createWitness } from './witness.ts'

/** A process of its own, full of clients. It is told what to follow, and answers what they have seen whenever asked. */
const orders = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('follow'),
    urls: z.array(z.string()),
    tokens: z.array(z.string()),
    channel: z.string(),
    sdkClients: z.int(),
  }),
  z.object({ kind: z.literal('report') }),
])

const testimony = createTestimony()
const witnesses: ReturnType<typeof createWitness>[] = []

process.on('message', (message) => {
  const order = orders.parse(message)
  if (order.kind === 'report') {
    report()
    return
  }
  const { urls, tokens, channel, sdkClients } = order
  for (const [index, token] of tokens.entries()) {
    const witness = createWitness(index < sdkClients ? `${index} (SDK)` : `${index}`, testimony)
    witnesses.push(witness)
    const start = index < sdkClients ? startSdkFollower : startRawFollower
    // Not all in one moment.
    setTimeout(() => start({ urls, first: index, token, channel, witness }), index * 2)
  }
})
process.on('disconnect', () => process.exit(0))

function report(): void {
  const { seen, firstPlaces, ...counted } = testimony
  process.send?.({
    ...counted,
    seen: [...seen],
    firstPlaces: [...firstPlaces],
    places: witnesses.map(({ place, isSubscribed }) => (isSubscribed ? place : null)),
  })
}
