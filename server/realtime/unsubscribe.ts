import type { Client } from './client.ts'
import { emptyResult, type Outcome } from './outcome.ts'
import { endSubscription } from './subscription.ts'

/** Always succeeds: an error would make the SDK reconnect, and not being subscribed is what was asked for. */
export function unsubscribe(client: Client, { channel }: { readonly channel: string }): Outcome {
  const subscription = client.subscriptions.get(channel)
  if (subscription) endSubscription(client, subscription)
  return emptyResult
}
