import type { Server } from 'node:http'

/** Ends a server with its connections, in this order: clients connect again at once. */
export async function closeHttp(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done))
  server.closeAllConnections()
  await closed
}
