import { legacyCommand, maxBatchCommands } from '#protocol/server-api.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import { HttpProblem } from '../problem-reply.ts'
import { createPerformer, replyText } from './perform.ts'

/**
 * The form in which gocent and other older libraries call: commands `{"method", "params"}` in one body, a line each, and
 * the replies in as many lines.
 *
 * @throws HttpProblem `malformed_json`, `bad_request`
 */
export async function performLegacy(realtime: Realtime, by: Identity, body: string): Promise<string> {
  const lines = body.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0 || lines.length > maxBatchCommands) {
    throw new HttpProblem('bad_request', `Send 1 to ${maxBatchCommands} commands, each on a line of its own.`)
  }
  const commands = lines.map(parseLine)
  const replies: string[] = []
  const perform = createPerformer(realtime, by)
  for (const { id, method, params } of commands) {
    const text = replyText(await perform(method.toLowerCase(), params ?? {}))
    replies.push(id === undefined ? text : `{"id":${id},${text.slice(1)}`)
  }
  return replies.join('\n')
}

function parseLine(line: string) {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw new HttpProblem('malformed_json', 'Each line of the body is a JSON object.')
  }
  const command = legacyCommand.safeParse(json)
  if (command.success) return command.data
  throw new HttpProblem('bad_request', 'A command is {"method": "publish", "params": {…}}.')
}
