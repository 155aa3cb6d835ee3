import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from './text-frame.ts'

test('frames of every length class are read as they were written', async () => {
  const { stream, client } = await openPair()
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const text = 'x'.repeat(length)
    stream.write(textFrame(text))
    expect(await nextMessages(client, 1)).toEqual([text])
  }
})

test('any text is read as it was written, also when frames are joined', async () => {
  const { stream, client } = await openPair()
  const text = fc.string({ unit: 'grapheme' })
  await fc.assert(
    fc.asyncProperty(text, text, async (one, two) => {
      const messages = nextMessages(client, 2)
      stream.write(Buffer.concat([textFrame(one), textFrame(two)]))
      expect(await messages).toEqual([one, two])
    }),
  )
})

async function nextMessages(client: WebSocket, count: number): Promise<string[]> {
  const messages: string[] = []
  return new Promise((resolve) => {
    const take = (data: WebSocket.RawData) => {
      messages.push(data.toString())
      if (messages.length < count) return
      client.off('message', take)
      resolve(messages)
    }
    client.on('message', take)
  })
}

/** The stream under a real server's socket, and the client at its other end. */
async function openPair(): Promise<{ stream: Duplex; client: WebSocket }> {
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stream = new Promise<Duplex>((resolve) => {
    server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, () => resolve(socket)))
  })
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.terminate()
    server.close()
  })
  await once(client, 'open')
  return { stream: await stream, client }
}
