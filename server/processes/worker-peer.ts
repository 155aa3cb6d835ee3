import type { Logger } from 'pino'
import { createPeer, type Frame, type Peer } from './peer.ts'
import type { PrimaryVerbs, WorkerVerbs } from './verbs.ts'

/** The primary, as the worker that this process is sees it. */
export function createWorkerPeer(log: () => Logger): Peer<PrimaryVerbs, WorkerVerbs> {
  const peer = createPeer<PrimaryVerbs, WorkerVerbs>({
    send: (frames, sent) => process.send?.(frames, undefined, undefined, (error) => error === null && sent()),
    // What publishers and readers of this process may have under way.
    maxCalledBytes: 64 * 1024 * 1024,
    onError: (error, name) => log().error({ err: error, name }, 'a message of the main process failed'),
  })
  process.on('message', (frames: readonly Frame[]) => peer.receive(frames))
  return peer
}
