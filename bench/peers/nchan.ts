import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Opening } from '../load/link.ts'
import { framesAreTaken, upgrade } from '../load/websocket.ts'
import { type Peer, payload } from '../peer.ts'
import { freePort, missingProgram, programPath, publisherLink, startNativeServer } from './native-server.ts'

/** The module for nginx; subscribers over WebSocket, publications by POST over one connection. */
export const nchan: Peer = {
  name: 'Nchan',
  measures: ['fan-out', 'latency', 'connections', 'idle'],
  missing: () =>
    missingProgram('nginx') ?? (existsSync(module) ? null : 'the module of Nchan for nginx is not installed'),
  async start() {
    const port = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
    const settings = join(folder, 'nginx.conf')
    writeFileSync(settings, settingsFor(folder, port))
    const program = programPath('nginx') ?? 'nginx'
    const server = await startNativeServer(program, ['-p', folder, '-e', 'stderr', '-c', settings], port)
    const publisher = await publisherLink(port)
    publisher.follow(
      () => 0,
      () => {},
    )
    const data = JSON.stringify(payload)
    const publication = `POST /publish HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${data.length}\r\n\r\n${data}`
    return {
      ...server,
      port,
      prepare: async (count) => Array.from({ length: count }, () => subscribe),
      publish: (count) => publisher.write(publication.repeat(count)),
      async [Symbol.asyncDispose]() {
        publisher.destroy()
        await server[Symbol.asyncDispose]()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

/** Where Debian puts it. */
const module = '/usr/lib/nginx/modules/ngx_nchan_module.so'

const subscribe: Opening = async (link) => {
  await upgrade(link, '/subscribe')
  return framesAreTaken(link, null)
}

/** One process, as many connections as are asked for, and no history. */
function settingsFor(folder: string, port: number): string {
  return `
load_module ${module};
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
events { worker_connections 19000; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000; tcp_nodelay on; nchan_shared_memory_size 256m;
  server {
    listen 127.0.0.1:${port};
    location = /subscribe { nchan_subscriber websocket; nchan_channel_id bench; nchan_subscriber_first_message newest; nchan_message_buffer_length 0; }
    location = /publish { nchan_publisher http; nchan_channel_id bench; nchan_message_buffer_length 0; }
  }
}
`
}
