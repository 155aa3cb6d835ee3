import type { Socket } from 'node:net'
import type { ChannelModel } from 'amqplib'

/** Makes what is sent in one turn of the event loop leave in one write: amqplib writes each frame by itself. */
export function writeTogether({ connection }: ChannelModel): void {
  // amqplib's own object, of which its types say less.
  const { stream } = connection as unknown as { readonly stream: Socket }
  const write = stream.write.bind(stream) as (...args: Parameters<Socket['write']>) => boolean
  let isWaiting = false
  const writeLater = (...args: Parameters<Socket['write']>) => {
    if (!isWaiting) {
      isWaiting = true
      stream.cork()
      process.nextTick(() => {
        isWaiting = false
        stream.uncork()
      })
    }
    return write(...args)
  }
  stream.write = writeLater as Socket['write']
}
