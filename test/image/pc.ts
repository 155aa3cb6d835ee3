import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildImage } from '../../build/image/build-image.ts'
import { readOptions } from '../../build/image/options.ts'
import { startServerProcess } from '../support/server-process.ts'
import type { Bench } from './bench.ts'
import { prepareDisk } from './disk.ts'
import { injectFaults } from './faults.ts'
import { acceleration } from './hardware.ts'
import { hostAddress, memoryMb, startMachine } from './machine.ts'
import { signInOperator } from './operator.ts'
import { distance, readPicture, readQrCode, sameWithin } from './picture.ts'
import { cutPowerFiveTimes } from './power-cuts.ts'
import { until } from './until.ts'

export interface Test {
  /** One that is built already; null to build it. */
  readonly image: string | null
  /** For what the test needs while it runs. */
  readonly folder: string
  readonly bench: Bench
  readonly faults: boolean
  readonly cuts: boolean
}

/**
 * The amd64 image with the Electron that tests use, in an emulated PC: through a server on this machine it is seen to
 * enrol, to show what it is told, and to heal. The app is not told to trust anything: plain HTTP to 10.0.2.2, the
 * emulator's name for this machine's loopback.
 */
export async function testPc({ image: given, folder, bench, faults, cuts }: Test): Promise<void> {
  const began = performance.now()
  await using parts = new AsyncDisposableStack()
  console.log(`Screenshots: ${bench.folder}. The machine: ${acceleration().join(' ')}, 2 processors, ${memoryMb} MB.`)
  const image = given ?? join(folder, 'kiosk.img')
  if (given === null) {
    await buildImage({ ...readOptions(['--arch', 'amd64', '--electron', 'here', '--no-compress']), output: image })
    bench.note('build', seconds())
  }
  const server = parts.use(await startServerProcess())
  const operator = await signInOperator(server)
  const { disk, key, configure } = await prepareDisk(image, folder)
  const { port } = new URL(server.url)
  // With a mistake in it, which the screen has to say.
  await configure([
    `server=http://${hostAddress}:${port}`,
    'name=Boot test',
    'ssh=on',
    'rotaton=90',
    'update_window=off',
  ])
  const options = { arch: 'amd64' as const, disk, key, folder, sshPort: 20000 + (process.pid % 20000) }
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
  if (faults) await injectFaults(scene)
  if (cuts) await cutPowerFiveTimes(machine, options, scene)
  bench.note('all', seconds())
  console.log('The image boots, shows what it is told, and heals.')

  async function picture(file: string) {
    await machine.screenshot(file)
    return readPicture(file)
  }
  function seconds(): number {
    return (performance.now() - began) / 1000
  }
}
