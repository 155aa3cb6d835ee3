import { type Certificate, html, type SignServer, signPage, startSignServer } from '../../test/support/sign-server.ts'

/** A page that does to itself what it is told, on a server that can be broken and mended. */
export interface FaultyPage extends AsyncDisposable {
  readonly server: SignServer
  /** How often it was drawn, by what it says itself. */
  readonly drawn: number
  /** What it answers to who asks for the page. */
  document: SignServer['answer']
  /** Has the page that is up run this. */
  order(code: string): void
  /** The server listens, and answers as it should. */
  mend(): Promise<void>
}

/** It asks for orders four times a second: nothing is attached to the app that could run anything in it. */
const page = html(
  signPage(
    'rgb(10,125,60)',
    `<script>
addEventListener('load', () => requestAnimationFrame(() => requestAnimationFrame(() => fetch('/drawn', { method: 'POST' }))))
setInterval(async () => (0, eval)(await (await fetch('/order')).text()), 250)
</script>`,
  ),
)

export async function startFaultyPage(
  onDrawn: () => void,
  certificate: Certificate | null = null,
): Promise<FaultyPage> {
  let drawn = 0
  let order = ''
  const server = await startSignServer((request, response) => {
    if (request.url === '/order') {
      response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(order)
      order = ''
    } else if (request.url === '/drawn') {
      drawn += 1
      onDrawn()
      response.writeHead(204).end()
    } else faulty.document(request, response)
  }, certificate)
  const faulty: FaultyPage = {
    server,
    document: page,
    get drawn() {
      return drawn
    },
    order(code) {
      order = code
    },
    async mend() {
      order = ''
      faulty.document = page
      await server.start()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return faulty
}
