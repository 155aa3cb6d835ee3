import { type OauthScope, oauthScope } from '#protocol/oauth.ts'
import { type KeyScope, keyScope } from '#protocol/roles.ts'

/** What each scope lets a service do, told to whoever decides about it. */
const meanings: Readonly<Record<OauthScope, string>> = {
  openid: 'Know that it is you',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Do this while you are away, for a year or until you end it',
  publish: 'Publish where you may',
  subscribe: 'Receive what you may receive',
  devices: 'See the devices, and remove them if you may',
}

export function meaningsOf(scopes: readonly string[]): { name: string; meaning: string }[] {
  return scopes.flatMap((name) => {
    const known = oauthScope.safeParse(name)
    return known.success ? [{ name, meaning: meanings[known.data] }] : []
  })
}

/** Those that open something here; the others are about who somebody is. */
export function keyScopesOf(scopes: readonly string[]): KeyScope[] {
  return scopes.filter(
    (scope) => oauthScope.safeParse(scope).success && keyScope.safeParse(scope).success,
  ) as KeyScope[]
}

export function scopesOf(text: string | null): string[] {
  return [...new Set((text ?? '').split(/\s+/))].filter((scope) => scope !== '')
}
