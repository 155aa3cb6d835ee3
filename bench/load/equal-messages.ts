import type { Take } from './link.ts'

/** For protocols in which all publications of a run have the same number of bytes, and nothing else of note comes. */
export function equalMessagesAreTaken(messageBytes: number): Take {
  let bytes = 0
  return (chunk) => {
    const before = Math.floor(bytes / messageBytes)
    bytes += chunk.length
    return Math.floor(bytes / messageBytes) - before
  }
}
