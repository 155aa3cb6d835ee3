import { type ReplyErrorName, replyErrors } from '#protocol/error-codes.ts'
import type { ClientInfo, Publication } from '#server/broker/broker.ts'

/**
 * Messages of the server as JSON text. Payloads are JSON text already and go in as they are, which is why these are
 * built by hand. None of it contains a newline, which would end the message.
 */

export const pingText = '{}'

/** `result` is JSON text; an empty result is still there as `{}`, without which the SDK fails. */
export function replyText(id: number, command: string, result: string): string {
  return `{"id":${id},"${command}":${result}}`
}

export function errorText(id: number, name: ReplyErrorName, message?: string): string {
  const error = replyErrors[name]
  return `{"id":${id},"error":${JSON.stringify(message === undefined ? error : { ...error, message })}}`
}

export function applicationErrorText(id: number, code: number, message: string): string {
  return JSON.stringify({ id, error: { code, message } })
}

export function publicationPushText(channel: string, publication: Publication): string {
  return `{"push":{"channel":${JSON.stringify(channel)},"pub":${publicationText(publication)}}}`
}

export function joinPushText(channel: string, kind: 'join' | 'leave', info: ClientInfo): string {
  return `{"push":{"channel":${JSON.stringify(channel)},"${kind}":{"info":${clientInfoText(info)}}}}`
}

export function unsubscribePushText(
  channel: string,
  reason: { readonly code: number; readonly reason: string },
): string {
  return JSON.stringify({ push: { channel, unsubscribe: { code: reason.code, reason: reason.reason } } })
}

export function publicationText({ data, offset, info, tags }: Publication): string {
  let text = `{"data":${data}`
  if (offset > 0) text += `,"offset":${offset}`
  if (info) text += `,"info":${clientInfoText(info)}`
  if (tags) text += `,"tags":${JSON.stringify(tags)}`
  return `${text}}`
}

export function publicationsText(publications: readonly Publication[]): string {
  return `[${publications.map(publicationText).join(',')}]`
}

export function clientInfoText({ user, client, connInfo, chanInfo }: ClientInfo): string {
  let text = `{"user":${JSON.stringify(user)},"client":${JSON.stringify(client)}`
  if (connInfo !== undefined) text += `,"conn_info":${connInfo}`
  if (chanInfo !== undefined) text += `,"chan_info":${chanInfo}`
  return `${text}}`
}
