import { channelName, namespaceOf } from '#protocol/channel.ts'
import { maxPublicationBytes } from '#protocol/publications.ts'

/** What somebody is about to publish. */
export interface Draft {
  readonly channel: string
  readonly kind: 'message' | 'json'
  readonly title: string
  readonly message: string
  readonly json: string
}

/** The payload: a message for a screen in the form screens read, any other as `{title?, message}`, or the JSON itself. */
export function draftData(draft: Draft): unknown {
  if (draft.kind === 'json') return JSON.parse(draft.json) as unknown
  const title = draft.title.trim()
  const said = { message: draft.message.trim(), ...(title === '' ? {} : { title }) }
  return namespaceOf(draft.channel.trim()) === 'commands' ? { show: said } : said
}

/** A sentence for each field that is not right yet. */
export function draftErrors(draft: Draft): Partial<Record<keyof Draft, string>> {
  const channel = channelName.safeParse(draft.channel.trim())
  const content = draft.kind === 'json' ? jsonError(draft.json) : messageError(draft.message)
  return {
    ...(channel.success ? {} : { channel: channel.error.issues[0]?.message ?? 'This is not a channel name.' }),
    ...(content === null ? {} : { [draft.kind]: content }),
  }
}

function messageError(message: string): string | null {
  const { length } = message.trim()
  if (length === 0) return 'A message has at least one character.'
  return length > 2000 ? 'A message has at most 2,000 characters.' : null
}

function jsonError(json: string): string | null {
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(JSON.parse(json))).length
    return bytes > maxPublicationBytes ? 'This is more than 64 KiB, the most that one publication may have.' : null
  } catch (error) {
    return error instanceof SyntaxError ? `This is not valid JSON: ${error.message}` : 'This is not valid JSON.'
  }
}
