import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ShellFault } from '#protocol/device-report.ts'
import { deviceView } from '#protocol/devices.ts'
import { issueCertificate, publicKeyHash } from '../../test/support/certificates.ts'
import { type Colour, colourAt, isColour } from '../../test/support/screen-colour.ts'
import { type Fault, type FaultRig, faults } from './faults.ts'
import { type FaultyPage, startFaultyPage } from './faulty-page.ts'
import { type Kiosk, openKiosk } from './open-kiosk.ts'

/** How a fault went, in seconds. */
export interface Healed {
  readonly title: string
  /** Null when it is none of the page: the device is not online. */
  readonly code: ShellFault | null
  readonly waits: NonNullable<Fault['waits']>
  readonly countsFrom: 'the fault' | 'its end'
  /** From the fault until the server was told of it. */
  readonly known: number
  /** Until the page was seen on the screen again: from the fault, or from the end of what is outside of the kiosk. */
  readonly back: number
}

export interface HealingOptions {
  readonly args: readonly string[]
  readonly within: readonly string[]
  /** Megabytes after which a page is loaded anew. */
  readonly ceiling: number
  readonly signal: AbortSignal
  onHealed(healed: Healed): void
}

/** Has each fault happen once, and measures how long it takes until the server knows and until the page is back. */
export async function healFaults(options: HealingOptions): Promise<readonly Healed[]> {
  await using parts = new AsyncDisposableStack()
  let changed = () => {}
  const folder = await mkdtemp(join(tmpdir(), 'carillon-bench-'))
  const [believed, unknown] = await Promise.all([issueCertificate(folder, 'a'), issueCertificate(folder, 'b')])
  await rm(folder, { recursive: true })
  const page = parts.use(await startFaultyPage(() => changed()))
  const secure = parts.use(await startFaultyPage(() => changed(), believed.pem))
  const kiosk = parts.use(
    await openKiosk({
      within: options.within,
      args: [
        ...[`--allow=${page.server.url}`, `--allow=${secure.server.url}`, `--memory-ceiling=${options.ceiling}`],
        `--ignore-certificate-errors-spki-list=${publicKeyHash(believed.pem.cert)}`,
        ...options.args,
      ],
    }),
  )
  changed = kiosk.changed
  let shown = 0
  let url = ''
  const rig: FaultRig = {
    ...{ kiosk, page, secure, believed: believed.pem, unknown: unknown.pem },
    async showNext(of) {
      url = `${of.server.url}/${++shown}`
      await kiosk.desk.send('show', { url })
    },
  }

  const healed: Healed[] = []
  for (const heal of [...faults.map((fault) => () => healPage(rig, fault, () => url)), () => healNetwork(kiosk)]) {
    const one = await measure(heal)
    healed.push(one)
    options.onHealed(one)
  }
  return healed

  /** Again and again until nothing stood still meanwhile. */
  async function measure(heal: () => Promise<Healed>): Promise<Healed> {
    for (let attempt = 0; attempt < 10; attempt++) {
      options.signal.throwIfAborted()
      const before = kiosk.standstill.times
      const one = await heal()
      if (!kiosk.standstill.isRecent(0) && kiosk.standstill.times === before) return one
    }
    throw new Error('The machine stood still ten times in a row.')
  }
}

async function healPage(rig: FaultRig, fault: Fault, url: () => string): Promise<Healed> {
  const { kiosk } = rig
  const of = fault.of === 'secure' ? rig.secure : rig.page
  await showWell(rig, of)
  await fault.inject(rig)
  let begun = performance.now()
  let before = of.drawn
  const known = await kiosk.until(
    `${fault.code} told`,
    () => kiosk.status?.shell.fault === fault.code && kiosk.status.shell.url === url() && performance.now() - begun,
    60_000 + 1000 * (fault.waits?.known ?? 0),
  )
  if (fault.mend !== undefined) {
    before = of.drawn
    begun = performance.now()
    await fault.mend(rig)
  }
  const patience = 60_000 + 1000 * (fault.waits?.back ?? 0)
  await kiosk.until(`the page after ${fault.code}`, () => of.drawn > before, patience)
  await untilSeen(kiosk)
  const { title, code, waits = {}, mend } = fault
  const countsFrom = mend === undefined ? 'the fault' : 'its end'
  return { title, code, waits, countsFrom, known: known / 1000, back: (performance.now() - begun) / 1000 }
}

/** Nothing passes between the kiosk and its server any more, and nobody is told. The page stays where it is. */
async function healNetwork({ desk, passage, standstill }: Kiosk): Promise<Healed> {
  const untilOnline = async (wanted: boolean): Promise<number> => {
    const begun = performance.now()
    for (let looks = 0; deviceView.parse(await desk.device()).online !== wanted; looks++) {
      if (looks > 300 && !standstill.isRecent(30_000))
        throw new Error(`the device is not ${wanted ? 'online' : 'away'}`)
      await pause(200)
    }
    return (performance.now() - begun) / 1000
  }
  await untilOnline(true)
  passage.set('silent')
  const known = await untilOnline(false)
  passage.set('open')
  const back = await untilOnline(true)
  const title = 'stays; the network to the server is cut without a word'
  return { title, code: null, waits: { known: pingSeconds }, countsFrom: 'its end', known, back }
}

/** `limits.ping_interval` and `limits.pong_timeout` of the server, unless it is told otherwise. */
const pingSeconds = 25 + 8

/** A page that has no fault behind it, seen on the screen. */
async function showWell(rig: FaultRig, of: FaultyPage): Promise<void> {
  await of.mend()
  const before = of.drawn
  await rig.showNext(of)
  await rig.kiosk.until('the page', () => of.drawn > before)
  await rig.kiosk.until('a page without a fault', () => {
    const shell = rig.kiosk.status?.shell
    return shell?.phase === 'showing' && shell.fault === null
  })
  await untilSeen(rig.kiosk)
}

const ground: Colour = [10, 125, 60]

async function untilSeen({ desk }: Kiosk): Promise<void> {
  for (let looks = 0; !isColour(await colourAt(desk.session, 400, 384), ground); looks++) {
    if (looks > 300) throw new Error('the page is not on the screen after 30 s')
    await pause(100)
  }
}
