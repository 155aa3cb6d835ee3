import { assert, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { channelName, isChannelName, maxChannelLength } from './channel.ts'

test('the quick answer to whether a channel may be called so is that of the schema', () => {
  const names = string({ unit: 'binary-ascii', maxLength: maxChannelLength + 2, size: 'max' })
  assert(property(names, (name) => isChannelName(name) === channelName.safeParse(name).success))
  for (let code = 0; code < 256; code++) {
    const name = `a${String.fromCharCode(code)}`
    expect([name, isChannelName(name)]).toEqual([name, channelName.safeParse(name).success])
  }
  for (const length of [0, 1, maxChannelLength, maxChannelLength + 1]) {
    const name = 'x'.repeat(length)
    expect([length, isChannelName(name)]).toEqual([length, channelName.safeParse(name).success])
  }
})
