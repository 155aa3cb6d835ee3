import { expect, test } from 'vitest'
import { openRaw, type RawClient } from '../support/raw-client.ts'
import { person, type RealtimeRig, startRealtime } from '../support/realtime-rig.ts'
import { openTcp, type TcpClient } from '../support/tcp-client.ts'
import { clientFrame, command } from '../support/websocket-frames.ts'

const ada = person('ada')
const rpc = { method: 'echo', data: 'here' }
const handlers = new Map([['echo', async ({ data }: { data: unknown }) => data]])
const here = { id: 2, rpc: { data: 'here' } }

test.each([
  ['a frame without a mask', clientFrame('{}', { masked: false }), 1002],
  ['a compressed frame, which was not negotiated', clientFrame('{}', { reserved: 4 }), 1002],
  ['a reserved bit', clientFrame('{}', { reserved: 1 }), 1002],
  ['a reserved opcode', clientFrame('{}', { opcode: 3 }), 1002],
  ['a continuation of nothing', clientFrame('{}', { opcode: 0 }), 1002],
  ['a second beginning', Buffer.concat([clientFrame('{', { fin: false }), clientFrame('}')]), 1002],
  ['a ping in two fragments', clientFrame('', { opcode: 9, fin: false }), 1002],
  ['a ping of 126 bytes', clientFrame('x'.repeat(126), { opcode: 9 }), 1002],
  ['a close frame of one byte', clientFrame('x', { opcode: 8 }), 1002],
  ['a close code that is none', clientFrame(Buffer.from([0, 7]), { opcode: 8 }), 1002],
  ['text that is not UTF-8', clientFrame(Buffer.from([0x22, 0xc3, 0x28, 0x22])), 1007],
  ['half a character', clientFrame(Buffer.from('"🔔').subarray(0, 3)), 1007],
  ['a length beyond all numbers', clientFrame('', { length: 2n ** 63n }), 1009],
  ['a length beyond the limit', clientFrame('', { length: 2n ** 20n }), 1009],
  ['fragments that together are beyond it', fragments(' '.repeat(300_000), 60_000), 1009],
  ['a binary frame', clientFrame('{}', { opcode: 2 }), 3506],
  ['an empty binary frame', clientFrame('', { opcode: 2 }), 3506],
])('%s closes the socket, and nothing is sent behind that', async (_what, bytes, code) => {
  const rig = await startRealtime({ limits: { closeGraceMs: 100 } })
  const client = await connectTcp(rig)
  client.send(command({ id: 2, subscribe: { channel: 'open:a' } }))
  await client.reply(2)
  client.send(bytes)
  expect(await client.frame(({ opcode }) => opcode === 8)).toMatchObject({ code })
  await rig.publish('open:a', 'too late')
  await client.ended
  expect(client.frames.at(-1)).toMatchObject({ opcode: 8, code })
  expect(await rig.realtime.activeChannels()).toEqual([])
})

test('a client that breaks the framing is gone at once for everybody else', async () => {
  const rig = await startRealtime()
  const client = await connectTcp(rig)
  // It does not even close its half.
  client.socket.allowHalfOpen = true
  client.send(clientFrame('{}', { masked: false }))
  await client.frame(({ opcode }) => opcode === 8)
  expect(rig.realtime.isOnline('ada')).toBe(false)
})

test('a command byte by byte, and one in fragments with pings in between, are answered like any other', async () => {
  const rig = await startRealtime({ rpc: handlers })
  const client = await connectTcp(rig)
  for (const byte of command({ id: 2, rpc })) {
    client.socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  expect(await client.reply(2)).toEqual(here)
  const text = JSON.stringify({ id: 3, rpc: { method: 'echo', data: 'é🔔' } })
  const bytes = Buffer.from(text)
  const pieces = Array.from(bytes, (_, at) =>
    clientFrame(bytes.subarray(at, at + 1), { opcode: at ? 0 : 1, fin: false }),
  )
  const ping = clientFrame('still there?', { opcode: 9 })
  client.send(...pieces.flatMap((piece) => [piece, ping]), clientFrame('', { opcode: 0 }))
  expect(await client.reply(3)).toEqual({ id: 3, rpc: { data: 'é🔔' } })
  expect(await client.frame(({ opcode }) => opcode === 10)).toMatchObject({ text: 'still there?' })
})

test('commands that come with the request to upgrade are not lost', async () => {
  const rig = await startRealtime({ known: ada, rpc: handlers })
  const client = await openTcp(rig.url)
  // Before the answer to the upgrade has been read.
  client.send(command({ id: 1, connect: {} }), command({ id: 2, rpc }))
  expect(await client.reply(2)).toEqual(here)
})

test.each([
  ['a command that every object has', '{"id":2,"constructor":{}}'],
  ['a command behind a prototype', '{"id":2,"__proto__":{"rpc":{"method":"echo"}}}'],
  ['an id behind a prototype', '{"__proto__":{"id":2},"id":-1,"rpc":{}}'],
  ['an id that is infinite', '{"id":1e400,"rpc":{}}'],
  ['an id with a fraction', '{"id":2.5,"rpc":{}}'],
  ['an id beyond 32 bits', '{"id":4294967296,"rpc":{}}'],
  ['an id that is an object', '{"id":{"valueOf":2},"rpc":{}}'],
  ['text behind a command', '{"id":2,"rpc":{}} {"id":3,"rpc":{}}'],
  ['carriage returns between commands', '{"id":2,"rpc":{}}\r{"id":3,"rpc":{}}'],
  ['a number', '7'],
  ['null', 'null'],
  ['brackets without end', '['.repeat(100_000)],
  ['a channel that is missing', '{"id":2,"presence":{"channel":""}}'],
])('%s closes with 3501', async (_what, frame) => {
  const { raw } = await connectRaw()
  raw.sendText(frame)
  expect(await raw.closed).toEqual({ code: 3501, reason: 'bad request' })
})

const refusals: readonly (readonly [string, string, number])[] = [
  ['a channel named like a prototype', '{"subscribe":{"channel":"__proto__"}}', 102],
  ['a namespace named like one', '{"subscribe":{"channel":"__proto__:a"}}', 102],
  ['a namespace that every object has', '{"subscribe":{"channel":"constructor:a"}}', 102],
  ['a prototype that names a channel', '{"subscribe":{"__proto__":{"channel":"open:a"}}}', 107],
  ['a method that every object has', '{"rpc":{"method":"hasOwnProperty"}}', 104],
  ['a method named like a prototype', '{"rpc":{"method":"__proto__"}}', 104],
  ['a name too long for a method', `{"rpc":{"method":"${'x'.repeat(129)}"}}`, 107],
  ['a channel of 256 characters', `{"subscribe":{"channel":"open:${'x'.repeat(251)}"}}`, 107],
  ['a channel of 60,000 characters', `{"subscribe":{"channel":"open:${'x'.repeat(60_000)}"}}`, 107],
  ['a channel with a zero byte', '{"subscribe":{"channel":"open:\\u0000"}}', 107],
  ['a channel with half a character', '{"subscribe":{"channel":"open:\\ud83d"}}', 107],
  ['a channel with a line break', '{"subscribe":{"channel":"open:a\\nb"}}', 107],
  ['a channel that is a list', '{"subscribe":{"channel":["open:a"]}}', 107],
  ['a subscribe that is a list', '{"subscribe":[{"channel":"open:a"}]}', 107],
  ['a subscribe that is a text', '{"subscribe":"open:a"}', 107],
  ['an infinite offset', '{"subscribe":{"channel":"news:a","recover":true,"offset":1e400}}', 107],
  ['an offset beyond 2^53', '{"subscribe":{"channel":"news:a","recover":true,"offset":9007199254740993}}', 107],
  ['an offset below zero', '{"subscribe":{"channel":"news:a","recover":true,"offset":-1}}', 107],
  ['an offset that is a text', '{"subscribe":{"channel":"news:a","recover":true,"offset":"1"}}', 107],
  ['an epoch without end', `{"subscribe":{"channel":"news:a","recover":true,"epoch":"${'e'.repeat(65)}"}}`, 107],
  ['a type that there is not', '{"subscribe":{"channel":"news:a","type":4}}', 108],
  ['a filter named like a prototype', '{"subscribe":{"channel":"filtered:a","tf":{"__proto__":{"op":"or"}}}}', 107],
  [
    'a comparison that every object has',
    '{"subscribe":{"channel":"filtered:a","tf":{"key":"a","cmp":"constructor"}}}',
    107,
  ],
  [
    'a filter nested without end',
    `{"subscribe":{"channel":"filtered:a","tf":${'{"op":"not","nodes":['.repeat(3000)}${']}'.repeat(3000)}}}`,
    107,
  ],
  ['history of half a publication', '{"history":{"channel":"news:a","limit":0.5}}', 107],
  ['history beyond all numbers', '{"history":{"channel":"news:a","limit":1e400}}', 107],
  ['history of another epoch', '{"history":{"channel":"news:a","limit":1,"since":{"offset":0,"epoch":"zzz"}}}', 112],
  [
    'data nested without end',
    `{"publish":{"channel":"open:a","data":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`,
    107,
  ],
]

test('each command that is wrong is answered with its error, and the connection goes on', async () => {
  const { raw, rig } = await connectRaw()
  const answered: unknown[] = []
  for (const [index, [what, text]] of refusals.entries()) {
    const id = index + 10
    raw.sendText(`{"id":${id},${text.slice(1)}`)
    answered.push([what, (await raw.reply(id)).error?.code])
  }
  expect(answered).toEqual(refusals.map(([what, _text, code]) => [what, code]))
  raw.send({ id: 2, rpc })
  expect(await raw.reply(2)).toEqual(here)
  expect(await rig.realtime.activeChannels()).toEqual([])
  expect(Object.prototype).not.toHaveProperty('op')
})

test('what only looks dangerous passes unchanged', async () => {
  const { raw, rig } = await connectRaw()
  const data = '{"__proto__":{"admin":true},"constructor":{"prototype":1},"big":1e308,"":[[[[]]]]}'
  raw.sendText('{"id":2,"subscribe":{"channel":"open:__proto__","__proto__":{"recover":true}}}')
  expect(await raw.reply(2)).toEqual({ id: 2, subscribe: {} })
  raw.sendText(`{"id":3,"publish":{"channel":"open:__proto__","data":${data}}}`)
  expect(await raw.reply(3)).toEqual({ id: 3, publish: {} })
  const { push } = await raw.message(({ push }) => push?.pub !== undefined)
  expect(JSON.stringify(push?.pub?.data)).toBe(JSON.stringify(JSON.parse(data)))
  raw.sendText('{"id":4,"subscribe":{"channel":"filtered:a","tf":{"key":"__proto__","cmp":"nex"}}}')
  expect(await raw.reply(4)).toHaveProperty('subscribe')
  await rig.publish('filtered:a', 1, { kind: 'door' })
  await raw.message(({ push }) => push?.channel === 'filtered:a')
  raw.sendText('{"id":4294967295,"history":{"channel":"news:a","limit":-9007199254740991}}')
  expect(await raw.reply(4_294_967_295)).toHaveProperty('history')
})

test('a connect command may name any channels: those that are not for it are passed over', async () => {
  const rig = await startRealtime({ rpc: handlers })
  const raw = await openRaw(rig.url)
  const named = Array.from({ length: 1_000 }, (_, n) => `"nowhere:${n}":{"recover":true}`).join(',')
  const token = rig.identities.token(ada)
  raw.sendText(
    `{"id":1,"connect":{"token":"${token}","subs":{"__proto__":{"recover":true},"constructor":{},${named}}}}`,
  )
  expect((await raw.reply(1)).connect).not.toHaveProperty('subs')
  raw.send({ id: 2, rpc })
  expect(await raw.reply(2)).toEqual(here)
})

test('a token beyond its length is refused, and the socket closed', async () => {
  const rig = await startRealtime({ limits: { closeGraceMs: 50 } })
  const raw = await openRaw(rig.url)
  raw.send({ id: 1, connect: { token: 'x'.repeat(20_000) } })
  expect((await raw.reply(1)).error).toMatchObject({ code: 107, message: expect.stringMatching(/token/) })
  expect(await raw.closed).toEqual({ code: 3501, reason: 'bad request' })
})

test('an id that comes again is answered again', async () => {
  const { raw } = await connectRaw()
  raw.send({ id: 2, rpc }, { id: 2, rpc }, { id: 1, rpc }, { id: 3, rpc })
  await raw.reply(3)
  expect(raw.received.slice(1).map(({ id }) => id)).toEqual([2, 2, 1, 3])
})

test('a thousand commands in one frame are all answered, ten thousand are too many', async () => {
  const { raw } = await connectRaw()
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => `{"id":${n + 2},"rpc":{"method":"echo"}}`).join('\n')
  raw.sendText(many(1_000))
  await raw.reply(1_001)
  expect(raw.received.slice(1).map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 2))
  raw.sendText('{}\n'.repeat(10_000))
  expect(await raw.closed).toEqual({ code: 3013, reason: 'too many requests' })
})

test('a frame that is cut in the middle of a command leaves nothing behind', async () => {
  const rig = await startRealtime()
  const client = await connectTcp(rig)
  const bytes = command({ id: 2, subscribe: { channel: 'news:a' } })
  client.send(bytes.subarray(0, bytes.length - 1))
  client.socket.destroy()
  await expect.poll(() => rig.realtime.isOnline('ada')).toBe(false)
  expect(await rig.realtime.activeChannels()).toEqual([])
})

function fragments(text: string, size: number): Buffer {
  const count = Math.ceil(text.length / size)
  const pieces = Array.from({ length: count }, (_, n) => text.slice(n * size, (n + 1) * size))
  return Buffer.concat(pieces.map((piece, n) => clientFrame(piece, { opcode: n === 0 ? 1 : 0, fin: n === count - 1 })))
}

async function connectRaw(): Promise<{ raw: RawClient; rig: RealtimeRig }> {
  const rig = await startRealtime({ rpc: handlers })
  const raw = await openRaw(rig.url)
  raw.send({ connect: { token: rig.identities.token(ada) }, id: 1 })
  await raw.reply(1)
  return { raw, rig }
}

async function connectTcp(rig: RealtimeRig): Promise<TcpClient> {
  const client = await openTcp(rig.url)
  client.send(command({ connect: { token: rig.identities.token(ada) }, id: 1 }))
  await client.reply(1)
  return client
}
