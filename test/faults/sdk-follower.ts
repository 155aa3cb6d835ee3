import { Centrifuge } from 'centrifuge'
import { WebSocket } from 'ws'
import type { RawFollowerOptions } from './raw-follower.ts'

/** The same with the unmodified SDK. */
export function startSdkFollower({ urls, first, token, channel, witness }: RawFollowerOptions): Disposable {
  let at = first
  class NextNode extends WebSocket {
    constructor() {
      super(urls[at++ % urls.length] ?? '')
    }
  }
  const client = new Centrifuge(urls[0] ?? '', {
    ...{ websocket: NextNode, token, minReconnectDelay: 100, maxReconnectDelay: 2_000 },
  })
  client.on('error', () => {})
  client.on('connecting', () => witness.leaves('connection'))
  client.on('disconnected', ({ code }) => {
    if (code !== 0) throw new Error(`the SDK disconnected with ${code}`)
  })
  const subscription = client.newSubscription(channel, { minResubscribeDelay: 100, maxResubscribeDelay: 1_000 })
  subscription.on('error', () => {})
  subscription.on('subscribing', ({ code }) => {
    if (code >= 2500) witness.leaves('subscription')
  })
  subscription.on('unsubscribed', ({ code }) => {
    if (code !== 0) throw new Error(`the SDK unsubscribed with ${code}`)
  })
  subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }) => {
    const { offset, epoch } = streamPosition ?? { offset: 0, epoch: '' }
    witness.begins({ offset, epoch }, wasRecovering ? recovered : null)
  })
  subscription.on('publication', ({ offset = 0, data }) => witness.sees(offset, (data as { n: number }).n))
  subscription.subscribe()
  client.connect()
  return { [Symbol.dispose]: () => client.disconnect() }
}
