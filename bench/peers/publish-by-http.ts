import { openLink } from '../load/link.ts'
import { endOfHeaders } from '../load/websocket.ts'
import { payload } from '../peer.ts'

/** One request at a time on each connection, kept alive; answers how many were confirmed. */
export async function publishByHttp(
  port: number,
  key: string,
  channel: string,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<number> {
  const body = JSON.stringify({ channel, data: payload })
  const request =
    `POST /api/publish HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  const end = performance.now() + seconds * 1000
  let confirmed = 0
  await Promise.all(Array.from({ length: connections }, publishOneByOne))
  return confirmed

  async function publishOneByOne(): Promise<void> {
    const link = await openLink(port)
    while (performance.now() < end) {
      link.write(request)
      const answer = (await link.answer(endOfAnswer)).toString()
      if (!answer.includes('"result"')) throw new Error(`the HTTP API answered ${answer}`)
      confirmed += 1
    }
    link.destroy()
  }
}

function endOfAnswer(received: Buffer): number {
  const body = endOfHeaders(received)
  if (body < 0) return -1
  const length = /content-length: (\d+)/i.exec(received.toString('latin1', 0, body))?.[1]
  const end = body + Number(length)
  return received.length < end ? -1 : end
}
