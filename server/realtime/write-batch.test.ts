import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createWriteBatch, type WriteEach } from './write-batch.ts'

interface Pair {
  readonly out: Socket
  /** All that has come when the socket ends. */
  readonly received: Promise<string>
}

async function pairs(count: number): Promise<Pair[]> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const opened: Pair[] = []
  while (opened.length < count) {
    const reader = connect(port, '127.0.0.1')
    const [out] = (await once(server, 'connection')) as [Socket]
    onTestFinished(() => void out.destroy())
    opened.push({ out, received: buffer(reader).then(String) })
  }
  return opened
}

async function endOf({ out, received }: Pair): Promise<string> {
  out.end()
  return received
}

/** Says that each socket took so many bytes, without writing any. */
function taking(...taken: readonly number[]) {
  const calls: { count: number; bytes: string }[] = []
  const writeEach: WriteEach = (sockets, count, bytes, written) => {
    calls.push({ count, bytes: String(bytes) })
    expect([...sockets.subarray(0, count)].every((socket) => socket > 2)).toBe(true)
    for (let n = 0; n < count; n++) written[n] = taken[n] ?? bytes.length
  }
  return { calls, writeEach }
}

test('what many sockets are to have is written in one call, and what one did not take comes behind by Node', async () => {
  const all = await pairs(5)
  const { calls, writeEach } = taking(5, 0, 3, 5, 5)
  const batch = createWriteBatch(writeEach)
  const bytes = Buffer.from('hello')
  for (const { out } of all) batch.write(out, bytes)
  expect(calls).toEqual([])
  batch.end()
  batch.end()
  expect(calls).toEqual([{ count: 5, bytes: 'hello' }])
  expect(await Promise.all(all.map(endOf))).toEqual(['', 'hello', 'lo', '', ''])
})

test('other bytes begin another call, and a few sockets need none', async () => {
  const all = await pairs(6)
  const { calls, writeEach } = taking()
  const batch = createWriteBatch(writeEach)
  const [one, two] = [Buffer.from('one'), Buffer.from('two')]
  for (const { out } of all.slice(0, 4)) batch.write(out, one)
  for (const { out } of all.slice(4)) batch.write(out, two)
  batch.end()
  expect(calls).toEqual([{ count: 4, bytes: 'one' }])
  expect(await Promise.all(all.map(endOf))).toEqual(['', '', '', '', 'two', 'two'])
})

test('where something waits, Node writes it behind that', async () => {
  const all = await pairs(5)
  const { calls, writeEach } = taking()
  const batch = createWriteBatch(writeEach)
  const waits = all[2] as Pair
  waits.out.cork()
  waits.out.write('first, ')
  const bytes = Buffer.from('second')
  for (const { out } of all) batch.write(out, bytes)
  batch.end()
  waits.out.uncork()
  expect(calls).toEqual([{ count: 4, bytes: 'second' }])
  expect(await endOf(waits)).toBe('first, second')
})

test('what is no socket, or none any more, is left to Node', async () => {
  const all = await pairs(5)
  const { calls, writeEach } = taking()
  const batch = createWriteBatch(writeEach)
  const gone = (all[0] as Pair).out
  const errors = once(gone, 'error')
  gone.end()
  const stream = new PassThrough()
  const bytes = Buffer.from('x')
  for (const { out } of all) batch.write(out, bytes)
  batch.write(stream, bytes)
  batch.end()
  expect(calls).toEqual([{ count: 4, bytes: 'x' }])
  expect(String(stream.read())).toBe('x')
  await expect(errors).resolves.toMatchObject([{ code: 'ERR_STREAM_WRITE_AFTER_END' }])
})
