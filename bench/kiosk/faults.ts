import type { ShellFault } from '#protocol/device-report.ts'
import { processTree } from '../../test/support/process-tree.ts'
import { type Certificate, html, signPage } from '../../test/support/sign-server.ts'
import type { FaultyPage } from './faulty-page.ts'
import type { Kiosk } from './open-kiosk.ts'

/** What a fault is done to, and with. */
export interface FaultRig {
  readonly kiosk: Kiosk
  readonly page: FaultyPage
  /** The same, under a certificate. */
  readonly secure: FaultyPage
  readonly believed: Certificate
  readonly unknown: Certificate
  /** Tells the kiosk to show a page of this server that it has not shown before, and does not wait for it. */
  showNext(of: FaultyPage): Promise<void>
}

export interface Fault {
  /** What happens to the page. */
  readonly title: string
  readonly code: ShellFault
  inject(rig: FaultRig): Promise<void>
  /** What lies outside of the kiosk is mended as soon as the server knows; the page cannot be back before. */
  mend?(rig: FaultRig): Promise<void>
  /** Whose page it is. */
  readonly of?: 'secure'
  /** Seconds that pass by design until there is a fault, and until it is tried again. */
  readonly waits?: { readonly known?: number; readonly back?: number }
}

/** In the profile `low`. */
const loadTimeoutSeconds = 30

/** Each fault that the supervisor knows, once. */
export const faults: readonly Fault[] = [
  {
    title: 'is there no more: its process was killed',
    code: 'renderer_gone',
    inject: async ({ kiosk }) => killPage(kiosk),
  },
  {
    title: 'is in an endless loop',
    code: 'unresponsive',
    inject: async ({ page }) => page.order('setTimeout(() => { for (;;); }, 0)'),
  },
  {
    title: 'loses all that it showed',
    code: 'blank_frame',
    inject: async ({ page }) => page.order("document.body.style.background = '#fff'; document.body.textContent = ''"),
  },
  {
    title: 'takes more and more memory',
    code: 'memory_ceiling',
    inject: async ({ page }) =>
      page.order('window.kept = []; setInterval(() => kept.push(new Uint8Array(20e6).fill(1)), 400)'),
  },
  {
    title: 'loads itself again and again',
    code: 'navigation_loop',
    async inject({ page }) {
      page.document = html(signPage('rgb(200,0,0)', '<script>location.reload()</script>'))
      page.order('location.reload()')
    },
    mend: ({ page }) => page.mend(),
  },
  {
    title: 'is redirected in a circle',
    code: 'navigation_loop',
    async inject({ page }) {
      page.document = (request, response) => void response.writeHead(302, { location: `${request.url}?again` }).end()
      page.order('location.reload()')
    },
    mend: ({ page }) => page.mend(),
  },
  {
    title: 'is of a server that does not listen',
    code: 'load_failed',
    async inject({ page, showNext }) {
      await page.server.stop()
      await showNext(page)
    },
    mend: ({ page }) => page.mend(),
  },
  {
    title: 'is of a server that answers 502',
    code: 'load_failed',
    async inject({ page, showNext }) {
      page.document = (_, response) => void response.writeHead(502).end('Bad')
      await showNext(page)
    },
    mend: ({ page }) => page.mend(),
  },
  {
    title: 'is of a server that never answers',
    code: 'load_timeout',
    async inject({ page, showNext }) {
      page.document = () => {}
      await showNext(page)
    },
    mend: ({ page }) => page.mend(),
    waits: { known: loadTimeoutSeconds },
  },
  {
    title: 'has a certificate that is not trusted',
    code: 'certificate_error',
    of: 'secure',
    // It was believed so far.
    async inject({ secure, unknown, showNext }) {
      await serveWith(secure, unknown)
      await showNext(secure)
    },
    mend: ({ secure, believed }) => serveWith(secure, believed),
  },
  {
    title: 'crashes each time, six times',
    code: 'crash_loop',
    async inject({ kiosk, page }) {
      for (let crash = 1; crash < 6; crash++) {
        const before = page.drawn
        killPage(kiosk)
        await kiosk.until('the page once more', () => page.drawn > before, 60_000)
      }
      killPage(kiosk)
    },
    // It is well from now on, and is left alone.
    mend: async () => {},
    waits: { back: 120 },
  },
]

/** The newest renderer: the first one is that of our own page. */
function killPage({ pid }: Kiosk): void {
  const [ours, ...pages] = processTree(pid).filter(({ type }) => type === 'renderer')
  const page = pages.at(-1)
  if (ours === undefined || page === undefined) throw new Error('there is no page to kill')
  process.kill(page.pid, 'SIGKILL')
}

async function serveWith(page: FaultyPage, certificate: Certificate): Promise<void> {
  await page.server.stop()
  page.server.certificate = certificate
  await page.server.start()
}
