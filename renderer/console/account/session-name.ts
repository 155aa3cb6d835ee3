import type { SessionView } from '#protocol/account.ts'

/** What to call a session: what it says of itself, or what kind of thing it is. */
export function sessionName({ kind, userAgent }: Pick<SessionView, 'kind' | 'userAgent'>): string {
  if (userAgent !== '') return userAgent
  return kind === 'program' ? 'A program' : 'A browser'
}
