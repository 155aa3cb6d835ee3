import { freePort, programPath, startNativeServer } from './native-server.ts'

/** A Redis of its own that writes nothing to disk. */
export async function startRedis(): Promise<AsyncDisposable & { readonly url: string }> {
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = await startNativeServer(programPath('redis-server') ?? 'redis-server', settings, port)
  return { ...server, url: `redis://127.0.0.1:${port}` }
}
