import { createHash } from 'node:crypto'

/** A Lua script, sent once a connection and called by its digest from then on. */
export interface RedisScript {
  /** How many of its arguments are keys; those come first. */
  readonly keys: number
  readonly lua: string
  readonly digest: string
}

export function redisScript(keys: number, lua: string): RedisScript {
  return { keys, lua, digest: createHash('sha1').update(lua).digest('hex') }
}
