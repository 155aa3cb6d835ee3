import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { problem } from '#protocol/problem.ts'
import { CliError } from './cli-error.ts'
import { nameOf, requestTo, type Target } from './request-to.ts'
import { unreachable } from './unreachable.ts'

/** How long nothing of an answer may come, in milliseconds. */
const idleMs = 30_000

/** An answer of any length, to be read as it comes. Throws `CliError` with the server's own code and sentence. */
export async function download(
  target: Target,
  headers: Record<string, string>,
  path: string,
): Promise<IncomingMessage> {
  const request = requestTo(target, path, { method: 'GET', headers, timeout: idleMs })
  request.on('timeout', () => request.destroy(new Error(`nothing came for ${idleMs / 1000} seconds`)))
  request.end()
  const [response] = (await once(request, 'response').catch((cause: Error) => {
    throw unreachable(nameOf(target), cause)
  })) as [IncomingMessage]
  if (response.statusCode === 200) return response
  const refused = problem.safeParse(parse(await text(response)))
  if (refused.success) throw new CliError(refused.data.code, refused.data.detail)
  throw new CliError('not_carillon', `${nameOf(target)} answers, but not as a Carillon server does. Check the address.`)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // Said by the schema, which refuses it.
    return null
  }
}
