import { z } from 'zod'

/** Longest channel name, in characters. ASCII only, so also in bytes. */
export const maxChannelLength = 255

/**
 * A channel name as the Centrifuge protocol has it: `namespace:rest`. Everything before the first `:` names the
 * namespace and so the policy; `#` marks the user ids a channel is limited to; a leading `$` asks for a subscription
 * token. `/`, `*` and `&` are reserved.
 */
export const channelName = z
  .string()
  .min(1, { error: 'Name a channel, for example news:general.', abort: true })
  .max(maxChannelLength, `A channel name has at most ${maxChannelLength} characters.`)
  .regex(/^[\x21-\x7e]+$/, 'A channel name is printable ASCII without spaces.')
  .regex(/^[^/*&]+$/, 'A channel name cannot contain / * or &, which are reserved.')

/** Whether `channelName` takes it: subscribing asks for nothing else so often, and a schema costs twenty times as much. */
export function isChannelName(text: string): boolean {
  return text.length <= maxChannelLength && /^[\x21-\x25\x27-\x29\x2b-\x2e\x30-\x7e]+$/.test(text)
}

export const namespaceName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{2,64}$/, 'A namespace is 2 to 64 letters, digits, _ or -.')

/** The namespace a channel belongs to; the empty string when it has none. */
export function namespaceOf(channel: string): string {
  const start = channel.startsWith('$') ? 1 : 0
  const colon = channel.indexOf(':', start)
  return colon === -1 ? '' : channel.slice(start, colon)
}

/** What stands behind the namespace: `lobby-1` for `commands:lobby-1`. */
export function restOf(channel: string): string {
  const colon = channel.indexOf(':')
  return colon === -1 ? channel : channel.slice(colon + 1)
}

/** The users a channel is limited to, or null when it is open: `dialog:#7,9` gives `['7', '9']`. */
export function usersOf(channel: string): readonly string[] | null {
  const hash = channel.lastIndexOf('#')
  return hash === -1 ? null : channel.slice(hash + 1).split(',')
}

/** The channel on which a device receives what is meant for it alone. */
export function commandsChannel(deviceName: string): string {
  return `commands:${deviceName}`
}

/** The channel on which operators see what becomes of a device. */
export function telemetryChannel(deviceName: string): string {
  return `telemetry:${deviceName}`
}

/** What to tell somebody who named a channel outside every namespace. */
export function noNamespaceFor(channel: string): string {
  return `No namespace is configured for ${channel}. Check the name, for example news:general, or configure its namespace.`
}
