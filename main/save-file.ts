import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Outcome } from '#protocol/ipc.ts'
import { done, failed } from './outcome.ts'

/** Writes what comes to a file: whole or not at all. What it says when that fails is for the person who waits. */
export async function saveFile(path: string, bytes: AsyncIterable<Uint8Array>): Promise<Outcome> {
  const unfinished = `${path}.part`
  try {
    await pipeline(bytes, createWriteStream(unfinished))
    await rename(unfinished, path)
    return done
  } catch (cause) {
    await rm(unfinished, { force: true })
    const { code } = cause as NodeJS.ErrnoException
    const why = code ?? 'the connection broke off'
    return failed('file_not_saved', `The file could not be saved (${why}). Try again, or choose another place.`)
  }
}
