import { deserialize, serialize } from 'node:v8'
import { createPeer, type Frame, type Peer, type PeerOptions } from './peer.ts'
import type { Verbs } from './verbs.ts'

/** Two peers with a way between them that copies, as one between processes does, and that can be held up. */
export function createPair<A extends Verbs, B extends Verbs>(options: Partial<PeerOptions> = {}) {
  const held: (() => void)[] = []
  const messages: (readonly Frame[])[] = []
  let isHeld = false
  const way = (receiver: () => Peer<never, never>) => (frames: readonly Frame[], sent: () => void) => {
    messages.push(frames)
    const copy: readonly Frame[] = deserialize(serialize(frames))
    const arrive = () => {
      sent()
      receiver().receive(copy)
    }
    if (isHeld) held.push(arrive)
    else arrive()
  }
  const errors: unknown[] = []
  const common = { onError: (error: unknown) => void errors.push(error), ...options }
  const a: Peer<B, A> = createPeer<B, A>({ ...common, send: way(() => b as Peer<never, never>) })
  const b: Peer<A, B> = createPeer<A, B>({ ...common, send: way(() => a as Peer<never, never>) })
  return {
    a,
    b,
    errors,
    messages,
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
      for (const arrive of held.splice(0)) arrive()
    },
  }
}
