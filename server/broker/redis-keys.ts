/** The names of a channel's keys. What stands in braces decides the place in a cluster, so all of one are together. */
export function channelKeys(prefix: string, channel: string) {
  const base = `${prefix}:{${placeOf(channel)}}`
  return {
    /** Hash: epoch, top and what it takes to know them. */
    meta: `${base}:meta`,
    /** Stream: one entry a publication, its id the offset. */
    stream: `${base}:stream`,
    /** Hash: offset by idempotency key. */
    keys: `${base}:keys`,
    /** Hash: client info by client id. */
    clients: `${base}:clients`,
    /** Sorted set: client ids by the time they end. */
    ends: `${base}:ends`,
  }
}

/** An idempotency key in a channel without history. */
export function onceKey(prefix: string, channel: string, key: string): string {
  return `${prefix}:{${placeOf(channel)}}:once:${key}`
}

/** The publish/subscribe channel of a channel. */
export function topicOf(prefix: string, channel: string): string {
  return `${prefix}:topic:${channel}`
}

export function channelOf(prefix: string, topic: string): string {
  return topic.slice(prefix.length + ':topic:'.length)
}

/** A brace of the channel's own would end the part that decides the place. `/` is in no channel's name. */
function placeOf(channel: string): string {
  return channel.includes('}') ? channel.replaceAll('}', '/') : channel
}
