import { type SignServer, signPage, startSignServer } from '../../test/support/sign-server.ts'
import { drawPng } from './png.ts'

/** The web server of the pages that are switched between. */
export interface Pages extends AsyncDisposable {
  readonly origin: string
  /** How often a page has said that it was drawn. */
  readonly drawn: number
  onDrawn: () => void
}

/** A page says so itself, once two frames of it have been made. */
const sayDrawn = `<script>
addEventListener('load', () => requestAnimationFrame(() => requestAnimationFrame(() => fetch('/drawn', { method: 'POST' }))))
</script>`
const pictures = Array.from({ length: 6 }, (_, index) => drawPng(400, 300, index + 3))
const simple = signPage('rgb(10,125,60)', sayDrawn)
/** Six pictures, and a clock that is drawn ten times a second. */
const lively = signPage(
  'rgb(20,40,110)',
  `<p id="clock"></p>${pictures.map((_, index) => `<img src="/${index}.png" width="200">`).join('')}
<script>setInterval(() => { clock.textContent = new Date().toISOString() }, 100)</script>${sayDrawn}`,
)

export async function startPages(): Promise<Pages> {
  let drawn = 0
  const answer: SignServer['answer'] = ({ url = '' }, response) => {
    const picture = pictures[Number(/^\/(\d)\.png$/.exec(url)?.[1] ?? Number.NaN)]
    if (url === '/drawn') {
      drawn += 1
      pages.onDrawn()
      response.writeHead(204).end()
    } else if (picture !== undefined) response.writeHead(200, { 'content-type': 'image/png' }).end(picture)
    else if (url !== '/simple' && url !== '/lively') response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'text/html' }).end(url === '/simple' ? simple : lively)
  }
  const server = await startSignServer(answer)
  const pages: Pages = {
    origin: server.url,
    get drawn() {
      return drawn
    },
    onDrawn: () => {},
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return pages
}
