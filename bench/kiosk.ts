import { parseArgs } from 'node:util'
import { memoryCeiling } from '#main/shell/profile.ts'
import { resolveElectron } from '../build/electron-path.ts'
import { buildChanged } from '../build/run-app.ts'
import { growthOf } from './kiosk/growth.ts'
import { healFaults } from './kiosk/healing.ts'
import { type Limited, openLimitGroup } from './kiosk/limit-group.ts'
import { openKiosk } from './kiosk/open-kiosk.ts'
import { startPages } from './kiosk/pages.ts'
import { healedLine, healingMarkdown, lateFaults, sampleLine, switchingMarkdown } from './kiosk/report.ts'
import { switchContent } from './kiosk/switching.ts'
import { machine } from './report/machine.ts'

/** What a Raspberry Pi 3 has besides what its graphics take. */
const piMemory = 806 * 2 ** 20

const help = `Measures a real kiosk on a screen of its own, with a real server; docs/kiosk.md says what the figures mean.

  npm run bench -- kiosk [options]            a day of switching: does the app grow?
  npm run bench -- kiosk --faults [options]   each fault of a page: when does the server know, when is the page back?

  --switches N     how often what is shown changes (2880: every 30 s for a day, as fast as each is seen)
  --samples N      how often it is looked what the app takes (40)
  --memory SIZE    holds the app to so much memory, such as 806M, and
  --cpu PERCENT    to so much of one processor, such as 50%. Both take root and Linux' control groups
  --arg ARGUMENT   another argument for the app, more than once if needed
  --json           the result as JSON
  --help

  npm run bench -- kiosk --switches 200
  npm run bench -- kiosk --memory 806M --cpu 50%          a stand-in for a Raspberry Pi 3
  npm run bench -- kiosk --arg=--in-process-gpu --switches 400

Progress goes to stderr, the result to stdout. A switch takes about a quarter of a second, a look twelve seconds, all faults
about five minutes. Exits with 1 when the app grew, a fault happened by itself, or one took too long. Electrons that run
beside it from the same folder share memory with it: CARILLON_ELECTRON names a copy. Needs Xvfb,
matchbox-window-manager, dbus, gnome-keyring, x11-utils and imagemagick.`

/** `npm run bench -- kiosk` with these arguments. Answers the exit code. */
export async function benchKiosk(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'number') return options
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort(new Error(signal)))
  await buildChanged(process.stderr)
  say('a server, a screen, and a kiosk that is approved')
  const run = options.isFaults ? measureHealing : measureSwitching
  const { result, text, faults } = await run(options, stopped.signal)
  if (options.isJson) process.stdout.write(`${JSON.stringify({ machine: machine(), ...result, faults }, null, 2)}\n`)
  else process.stdout.write(`${text}\n${faults.length === 0 ? 'PASSED' : `FAILED: ${faults.join('; ')}`}\n`)
  return faults.length === 0 ? 0 : 1
}

type Options = Exclude<ReturnType<typeof parsedOptions>, number>

async function measureSwitching({ switches, samples: count, limits, args, ceiling }: Options, signal: AbortSignal) {
  await using parts = new AsyncDisposableStack()
  const within = isLimited(limits) ? parts.use(openLimitGroup(limits)).within : []
  const pages = parts.use(await startPages())
  const appArgs = [`--allow=${pages.origin}`, `--memory-ceiling=${ceiling}`, ...args]
  const kiosk = parts.use(await openKiosk({ args: appArgs, within }))
  pages.onDrawn = kiosk.changed
  const samples = await switchContent({
    ...{ kiosk, pages, switches, samples: count, signal },
    onSample: (sample) => say(sampleLine(sample, switches)),
    onSwitch: (done) => showProgress(done, switches),
  })
  const growth = growthOf(samples)
  const report = { about: aboutRun(limits), switches, samples, growth }
  const result = { limits, ...report }
  const { times, seconds } = kiosk.standstill
  if (times > 0) say(`all stood still ${times} times, ${seconds.toFixed(0)} s altogether, which was left out`)
  return { result, text: switchingMarkdown(report), faults: [...growth.faults, ...kiosk.faults] }
}

async function measureHealing({ limits, args, ceiling }: Options, signal: AbortSignal) {
  await using parts = new AsyncDisposableStack()
  const within = isLimited(limits) ? parts.use(openLimitGroup(limits)).within : []
  const healed = await healFaults({
    ...{ args, within, ceiling, signal },
    onHealed: (one) => say(healedLine(one)),
  })
  const about = aboutRun(limits)
  const result = { limits, about, healed }
  return { result, text: healingMarkdown(about, healed), faults: lateFaults(healed) }
}

function isLimited({ memory, cpu }: Limited): boolean {
  return memory !== null || cpu !== null
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function readOptions(args: readonly string[]) {
  try {
    return parsedOptions(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help}\n`)
    return 2
  }
}

function parsedOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      switches: { type: 'string', default: '2880' },
      samples: { type: 'string', default: '40' },
      memory: { type: 'string' },
      cpu: { type: 'string' },
      arg: { type: 'string', multiple: true, default: [] },
      faults: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  const limits: Limited = {
    memory: values.memory === undefined ? null : bytesOf(values.memory),
    cpu: values.cpu === undefined ? null : percentOf(values.cpu),
  }
  const switches = wholeNumber('--switches', values.switches, 40)
  const samples = wholeNumber('--samples', values.samples, 10)
  const ceiling = memoryCeiling('low', limits.memory ?? piMemory)
  return { switches, samples, limits, ceiling, args: values.arg, isJson: values.json, isFaults: values.faults }
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw new Error(`${name} is a whole number from ${least}.`)
  return value
}

function bytesOf(text: string): number {
  const [, number, unit] = /^(\d+)([MG])$/.exec(text) ?? []
  const bytes = Number(number) * (unit === 'G' ? 2 ** 30 : 2 ** 20)
  if (!(bytes >= 400 * 2 ** 20)) throw new Error('--memory is a size from 400M, such as 806M or 1G.')
  return bytes
}

function percentOf(text: string): number {
  const value = Number(text.replace(/%$/, ''))
  if (!(value >= 10 && value <= 6400)) throw new Error('--cpu is a share of one processor from 10%, such as 50%.')
  return value
}

/** Where it was measured, and as what. */
function aboutRun({ memory, cpu }: Limited): string {
  const { date, processor, cores, system, commit } = machine()
  const runtime = resolveElectron()?.version ?? 'unknown'
  const held = [
    ...(memory === null ? [] : [`${memory / 2 ** 20} MB of memory`]),
    ...(cpu === null ? [] : [`${cpu} % of one processor`]),
  ]
  const limited =
    held.length === 0 ? '' : ` The app was held to ${held.join(' and ')}: a stand-in for a Raspberry Pi 3.`
  return `${date}, ${cores} cores of ${processor}, ${system}, Electron ${runtime}, profile low, nothing attached, commit ${commit}.${limited}`
}

/** A bar where somebody watches. */
function showProgress(count: number, of: number): void {
  if (!process.stderr.isTTY) return
  const width = 40
  const done = Math.round((count / of) * width)
  process.stderr.write(`\r${'█'.repeat(done)}${'░'.repeat(width - done)} ${count} of ${of}\u001b[K\r`)
}
