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

export function publicationPushText(channel: string, publication: WrittenPublication): string {
  return `{"push":{"channel":${JSON.stringify(channel)},"pub":${publicationText(publication)}}}`
}

export function joinPushText(channel: string, kind: 'join' | 'leave', info: ClientInfo): string {
  return `{"push":{"channel":${JSON.stringify(channel)},"${kind}":{"info":${clientInfoText(info)}}}}`
}

/** `result` is the JSON text of a subscribe result. */
export function subscribePushText(channel: string, result: string): string {
  return `{"push":{"channel":${JSON.stringify(channel)},"subscribe":${result}}}`
}

export function unsubscribePushText(
  channel: string,
  reason: { readonly code: number; readonly reason: string },
): string {
  return JSON.stringify({ push: { channel, unsubscribe: { code: reason.code, reason: reason.reason } } })
}

/** Ends a connection whose transport has no way of its own to say why. */
export function disconnectPushText({ code, reason }: { readonly code: number; readonly reason: string }): string {
  return JSON.stringify({ push: { disconnect: { code, reason } } })
}

/** The connect result of a client that sends no commands. */
export function connectPushText(result: string): string {
  return `{"push":{"connect":${result}}}`
}

/** A publication as it is written. */
export type WrittenPublication = Pick<Publication, 'data' | 'offset' | 'info' | 'tags'> & { readonly delta?: true }

/**
 * A publication for a subscriber that takes deltas: its data is a JSON string, of the payload's JSON text or of the
 * delta that leads to it.
 */
export function asText({ data, offset, info, tags }: Publication, delta?: string): WrittenPublication {
  if (delta === undefined) return { data: JSON.stringify(data), offset, info, tags }
  return { data: JSON.stringify(delta), offset, info, tags, delta: true }
}

export function publicationText({ data, offset, info, tags, delta }: WrittenPublication): string {
  let text = `{"data":${data}`
  if (offset > 0) text += `,"offset":${offset}`
  if (info) text += `,"info":${clientInfoText(info)}`
  if (tags) text += `,"tags":${JSON.stringify(tags)}`
  if (delta) text += ',"delta":true'
  return `${text}}`
}

export function publicationsText(publications: readonly WrittenPublication[]): string {
  return `[${publications.map(publicationText).join(',')}]`
}

export function clientInfoText({ user, client, connInfo, chanInfo }: ClientInfo): string {
  let text = `{"user":${JSON.stringify(user)},"client":${JSON.stringify(client)}`
  if (connInfo !== undefined) text += `,"conn_info":${connInfo}`
  if (chanInfo !== undefined) text += `,"chan_info":${chanInfo}`
  return `${text}}`
}
