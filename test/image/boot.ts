import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildImage } from '../../build/image/build-image.ts'
import { missingPackages } from '../../build/image/needs.ts'
import { readOptions } from '../../build/image/options.ts'
import { startServerProcess } from '../support/server-process.ts'
import { openBench } from './bench.ts'
import { prepareDisk } from './disk.ts'
import { injectFaults } from './faults.ts'
import { acceleration, hostAddress, memoryMb, startMachine } from './machine.ts'
import { signInOperator } from './operator.ts'
import { distance, readPicture, readQrCode, sameWithin } from './picture.ts'
import { cutPowerFiveTimes } from './power-cuts.ts'
import { until } from './until.ts'

/**
 * `npm run image:test`: builds the amd64 image with the Electron that tests use, boots it in an emulated PC, and through
 * a server on this machine sees it enrol, show what it is told, and heal. `--image FILE` takes one that is built already.
 * The app is not told to trust anything: plain HTTP to 10.0.2.2, the emulator's name for this machine's loopback.
 */
const { values } = parseArgs({
  options: {
    image: { type: 'string' },
    output: { type: 'string', short: 'o', default: join(import.meta.dirname, '../screenshots/kiosk-image') },
    cuts: { type: 'boolean', default: true },
    faults: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const missing = missingPackages('amd64', { test: true })
if (missing.length > 0) {
  console.error(`Packages are missing: apt-get install ${missing.join(' ')}`)
  process.exit(1)
}
if (process.getuid?.() !== 0 && values.image === undefined) {
  console.error('Run it as root, or give it an image with --image: the files in one belong to root.')
  process.exit(1)
}
process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`

const began = performance.now()
await using parts = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'carillon-image-'))
parts.defer(() => rm(folder, { recursive: true, force: true }))
const bench = await openBench(resolve(values.output))
console.log(`Screenshots: ${bench.folder}. The machine: ${acceleration().join(' ')}, 2 processors, ${memoryMb} MB.`)

const image = values.image === undefined ? join(folder, 'kiosk.img') : resolve(values.image)
if (values.image === undefined) {
  await buildImage({ ...readOptions(['--arch', 'amd64', '--electron', 'here', '--no-compress']), output: image })
  bench.note('build', seconds())
}
const server = parts.use(await startServerProcess())
const operator = await signInOperator(server)
const { disk, key, configure } = await prepareDisk(image, folder)
const { port } = new URL(server.url)
// With a mistake in it, which the screen has to say.
await configure([`server=http://${hostAddress}:${port}`, 'name=Boot test', 'ssh=on', 'rotaton=90', 'update_window=off'])
const options = { disk, key, folder, sshPort: 20000 + (process.pid % 20000) }
const machine = parts.use(await startMachine(options))

let before = await picture(join(folder, 'code.png'))
const code = await until('the code on the screen', async () => {
  const file = join(folder, 'code.png')
  const now = await picture(file)
  if (distance(now, before) < 1) return null
  before = now
  const link = await readQrCode(file)
  if (link === null) await bench.keep(machine, 'starting')
  return link === null ? null : new URL(link).searchParams.get('code')
})
bench.note('power-on-to-code', machine.uptime / 1000)
bench.note('power-on-to-code-processor', machine.processorSeconds)
const enrolling = await bench.keep(machine, 'code')
const times =
  'systemd-analyze; systemd-analyze blame | head -n 25; systemd-analyze critical-chain carillon-kiosk.service'
const app = "journalctl -b -t kiosk -o short-monotonic --no-pager -g 'started|shown|phase'; free -m; df -m /"
await writeFile(
  join(bench.folder, 'boot-times.txt'),
  await machine.sh(`${times}; ${app}; cat /run/carillon/notice`, 120_000),
)

if (!(await machine.sh('cat /run/carillon/notice')).includes('line 4'))
  throw new Error('The mistake in line 4 is not said.')
await operator.approve(code)
await until('online', () => operator.isOnline())
const answered = performance.now()
await operator.show('Doors open at nine. Please have your tickets ready and keep the passage to the left free.')
let last = enrolling
const message = await until('the message on the screen', async () => {
  const now = await picture(join(folder, 'message.png'))
  // Another picture than the code's, and one that stays.
  const stays = distance(now, last) < 1
  last = now
  return stays && distance(now, enrolling) > 3 * sameWithin ? now : null
})
bench.note('message', (performance.now() - answered) / 1000)
await bench.keep(machine, 'message')
const memory =
  "for pid in $(pgrep -u kiosk -x carillon); do cat /proc/$pid/smaps_rollup; done | awk '/^Pss:/ { sum += $2 } END { print sum / 1024 }'"
console.log(`PSS of the app: ${Number(await machine.sh(memory)).toFixed(0)} MB`)

const scene = { machine, operator, bench, picture: message }
if (values.faults) await injectFaults(scene)
if (values.cuts) await cutPowerFiveTimes(machine, options, scene)
bench.note('all', seconds())
await bench.finish()
console.log('The image boots, shows what it is told, and heals.')

async function picture(file: string) {
  await machine.screenshot(file)
  return readPicture(file)
}

function seconds(): number {
  return (performance.now() - began) / 1000
}
