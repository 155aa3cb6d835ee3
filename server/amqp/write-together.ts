import type { Socket } from 'node:net'
import type { ChannelModel } from 'amqplib'

/**
 * What is written in one turn of the event loop goes out as one: amqplib gives every acknowledgement to the socket by
 * itself, and at thousands a second those calls cost more than everything else.
 */
export function writeTogether({ connection }: ChannelModel): void {
  // amqplib's own object, of which its types say less.
  const { stream } = connection as unknown as { readonly stream: Socket }
  const write = stream.write
  let isHeld = false
  stream.write = function together(this: Socket, ...args: Parameters<Socket['write']>): boolean {
    if (!isHeld) {
      isHeld = true
      stream.cork()
      setImmediate(() => {
        isHeld = false
        stream.uncork()
      })
    }
    return write.apply(stream, args)
  } as Socket['write']
}
