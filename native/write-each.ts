import type { OpenedLibrary } from './library.ts'
import { openFoundLibrary } from './load-native.ts'

/**
 * Offers the first `count` of these sockets, by their numbers in this process, the same bytes, and writes down how many
 * each took: fewer than all where it is full, 0 where it is gone. Never waits, and throws nothing.
 */
export type WriteEach = (sockets: Int32Array, count: number, bytes: Buffer, written: Int32Array) => void

/** Null where the native library is missing. */
export async function loadWriteEach(path?: string): Promise<WriteEach | null> {
  return bindWriteEach(await openFoundLibrary(path))
}

export function bindWriteEach(library: OpenedLibrary): WriteEach | null {
  if (!('call' in library)) return null
  return (sockets, count, bytes, written) =>
    library.call('carillon_write_each', bufferOf(sockets), count, bytes, bytes.length, bufferOf(written))
}

function bufferOf({ buffer, byteOffset, byteLength }: Int32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
