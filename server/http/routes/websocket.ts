import type { Routes } from '../app.ts'
import { HttpProblem } from '../problem-reply.ts'

/** What comes to the address of a WebSocket as a plain request: usually a proxy has left out what asks for one. */
export const websocketRoutes: Routes = (app) => {
  for (const path of ['/connection/websocket', '/connection/uni_websocket']) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => {
      reply.header('upgrade', 'websocket').header('connection', 'upgrade')
      const sentence =
        'This is the address of a WebSocket, and the request asks for none. If a proxy stands in between, let it pass on the headers Upgrade and Connection: see "Behind a proxy" in docs/connecting.md.'
      throw new HttpProblem('upgrade_required', sentence)
    })
  }
}
