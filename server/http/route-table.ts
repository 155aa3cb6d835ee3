import type { FastifyInstance } from 'fastify'

/** What routes there are, by the patterns under which they were registered. */
export interface RouteTable {
  readonly routes: readonly Route[]
  /** With which methods something answers at this path. */
  methodsAt(path: string): readonly string[]
}

export interface Route {
  readonly method: string
  /** `/api/v1/keys/:id` */
  readonly url: string
}

/** Notes every route that is registered from now on. */
export function noteRoutes(app: FastifyInstance): RouteTable {
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, url })
  })
  return {
    routes,
    methodsAt: (path) => [...new Set(routes.filter(({ url }) => isAt(path, url)).map(({ method }) => method))],
  }
}

/** Not of patterns with a `*`: what there is below it is known to whoever answers there. */
function isAt(path: string, pattern: string): boolean {
  const given = path.split('/')
  const parts = pattern.split('/')
  return (
    parts.length === given.length && parts.every((part, at) => part === given[at] || (part[0] === ':' && given[at]))
  )
}
