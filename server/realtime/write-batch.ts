import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Out } from './transport.ts'

/**
 * Offers the first `count` of these sockets, by their numbers in this process, the same bytes, and writes down how many
 * each took: fewer than all where it is full, 0 where it is gone.
 */
export type WriteEach = (sockets: Int32Array, count: number, bytes: Buffer, written: Int32Array) => void

/** Writes of one turn. What many sockets in a row are to have, the same Buffer, is written to all of them in one call. */
export interface WriteBatch {
  write(out: Out, bytes: Buffer): void
  /** Whatever has not been written is. */
  end(): void
}

/** Most writes of one call. */
const most = 500
/** Fewer are not worth a call. */
const least = 4

/**
 * Without `writeEach`, and to whatever is no plain socket, everything is written by Node. So is what a socket did not
 * take: Node waits until it does, or finds out why it never will.
 */
export function createWriteBatch(writeEach: WriteEach | null): WriteBatch {
  if (writeEach === null) return { write: (out, bytes) => void out.write(bytes), end() {} }
  const outs: Out[] = []
  const sockets = new Int32Array(most)
  const written = new Int32Array(most)
  let shared: Buffer | null = null

  function end(): void {
    const count = outs.length
    if (shared === null || count === 0) return
    const bytes = shared
    shared = null
    if (count < least) {
      for (const out of outs) out.write(bytes)
    } else {
      writeEach?.(sockets, count, bytes, written)
      for (let n = 0; n < count; n++) {
        const taken = written[n] ?? 0
        if (taken < bytes.length) outs[n]?.write(taken === 0 ? bytes : bytes.subarray(taken))
      }
    }
    outs.length = 0
  }

  return {
    write(out, bytes) {
      if (shared !== bytes) end()
      const socket = numberOf(out)
      if (socket < 0) {
        out.write(bytes)
        return
      }
      shared = bytes
      sockets[outs.length] = socket
      if (outs.push(out) === most) end()
    },
    end,
  }
}

/** Of a plain socket in which nothing waits, so that what is written beside Node comes behind what Node wrote; else -1. */
function numberOf(out: Out): number {
  if (!(out instanceof Socket) || out instanceof TLSSocket || !out.writable || out.writableLength > 0) return -1
  // Not documented, and there all the same since Node 0.x; -1 where there is no such number, as on Windows.
  return (out as Socket & { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1
}
