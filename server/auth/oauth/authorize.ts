import type { Auth } from '../auth.ts'
import { addressHeader, authPath, type BetterAuth } from '../better-auth.ts'
import type { Sessions } from '../sessions.ts'
import { readSignedQuery, withoutSignature } from './signed-query.ts'

export interface AuthorizeParts {
  readonly betterAuth: BetterAuth
  readonly identify: Auth['identify']
  readonly sessions: Pick<Sessions, 'ofId'>
  readonly baseUrl: string
  readonly secret: string
  readonly clock: () => number
}

/**
 * Where a service sends a browser, and where the sign-in page sends it back to with the query it was given: by its
 * signature it is known that somebody who had to sign in anew has done so.
 */
export function createAuthorize(parts: AuthorizeParts) {
  const { betterAuth, identify, sessions, baseUrl, secret, clock } = parts

  return async (request: Request, address: string): Promise<Response> => {
    const cookie = request.headers.get('cookie') ?? ''
    const { search, searchParams } = new URL(request.url)
    const found = await identify(new Headers({ cookie }))
    const { identity = null, cookies = [] } = found ?? {}
    const session = identity !== null && 'sessionId' in identity ? await sessions.ofId(identity.sessionId) : null
    // What they let in before would be handed a code without a question.
    if (identity?.kind === 'user' && identity.mustSetUpFactor) return redirect(`${baseUrl}/account`)
    const signed = searchParams.has('sig') ? readSignedQuery(search, secret, clock()) : null
    const asked = signed?.asked ?? withoutSignature(searchParams)
    if (signed !== null && (session?.startedAt ?? 0) >= signed.issuedAt) {
      const prompt = (asked.get('prompt') ?? '').split(' ').filter((each) => each !== 'login' && each !== '')
      asked.delete('prompt')
      if (prompt.length > 0) asked.set('prompt', prompt.join(' '))
      asked.delete('max_age')
    }
    // As a browser that goes there: the answer is always a redirect.
    // Whether there is a session is decided here: better-auth would go on with one that is over by our settings.
    const headers = { ...(session !== null && { cookie }), accept: 'text/html', [addressHeader]: address }
    const response = await betterAuth.handler(
      new Request(`${baseUrl}${authPath}/oauth2/authorize?${asked}`, { headers }),
    )
    const answer = new Headers(response.headers)
    answer.delete('set-auth-token')
    answer.delete('access-control-expose-headers')
    answer.set('cache-control', 'no-store')
    for (const renewed of cookies) answer.append('set-cookie', renewed)
    return new Response(response.body, { status: response.status, headers: answer })
  }
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } })
}
