import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildImage } from '../../build/image/build-image.ts'
import { readOptions } from '../../build/image/options.ts'
import { checkSystem } from './board-checks.ts'
import { prepareDisk } from './disk.ts'
import { killed, type Stage, stopped } from './faults.ts'
import { hostAddress, memoryMb, startMachine } from './machine.ts'
import type { Test } from './pc.ts'
import { distance, readPicture, sameWithin } from './picture.ts'
import { mustBeClean } from './power-cuts.ts'
import { checkReadings } from './readings.ts'
import { type BoardArchitecture, buildStandIn } from './stand-in.ts'
import { until } from './until.ts'

/** Not the one that the emulated screen prefers. */
const size = '1024x768'

interface BoardTest extends Test {
  readonly arch: BoardArchitecture
}

/**
 * An image for a board, in QEMU's board "virt": its kernel, its system, its session and libcarillon on them. The app is
 * a STAND-IN (stand-in/carillon.c), since no Electron for these processors is at hand: nothing here says that the app
 * runs on them. What only a real board has is not here either: its firmware, its display, its card, its watchdog.
 */
export async function testBoard({ arch, image: given, folder, bench, faults, cuts }: BoardTest): Promise<void> {
  const began = performance.now()
  console.log(`Screenshots: ${bench.folder}. The machine: QEMU's "virt", emulated, 2 processors, ${memoryMb} MB.`)
  console.log('In place of the app there is a stand-in, without Electron.')
  const image = given ?? join(folder, 'kiosk.img')
  if (given === null) {
    const app = join(folder, 'stand-in')
    await buildStandIn(arch, app)
    await buildImage({ ...readOptions(['--arch', arch, '--app', app, '--no-compress']), output: image })
    bench.note('build', (performance.now() - began) / 1000)
  }
  const { disk, key, configure } = await prepareDisk(image, folder)
  await configure([
    `server=http://${hostAddress}:9`,
    'name=Board test',
    'ssh=on',
    // A mistake, which the screen has to say.
    'rotaton=90',
    'timezone=Europe/Berlin',
    `display=${size}`,
    'update_window=off',
  ])
  const options = { arch, disk, key, folder, sshPort: 20000 + (process.pid % 20000) }
  await using parts = new AsyncDisposableStack()
  const machine = parts.use(await startMachine(options))

  await until('the stand-in runs', async () => {
    await machine.screenshot(join(bench.folder, 'starting.png'))
    return (await machine.sh('pgrep -u kiosk -x carillon; true')) !== ''
  })
  bench.note('power-on-to-stand-in', machine.uptime / 1000)
  bench.note('power-on-to-stand-in-processor', machine.processorSeconds)
  const picture = await until('the stand-in on the screen', () => steadyPicture())
  await bench.keep(machine, 'stand-in')
  const shown = await sizeOf(join(folder, 'now.png'))
  if (shown !== size) throw new Error(`kiosk.conf asks for ${size}, and the screen shows ${shown}.`)
  const times =
    'systemd-analyze; systemd-analyze blame | head -n 25; free -m; df -m /; uname -a; journalctl -b -t kiosk'
  await writeFile(join(bench.folder, 'boot-times.txt'), await machine.sh(times, 120_000))

  await checkSystem(machine)
  await checkReadings(machine)
  const stage = { machine, bench, picture }
  await switchDisplay(stage)
  if (faults) {
    await killed(stage, 'stand-in', 'pgrep -u kiosk -x carillon -o')
    await killed(stage, 'x', 'pgrep -u kiosk -x Xorg')
    await stopped(stage)
    const ended = await machine.sh('journalctl -b -u carillon-watch -o cat -q --no-pager')
    if (!ended.includes('no beat: end 1')) throw new Error(`The watch does not say that it ended a program:\n${ended}`)
  }
  if (cuts) {
    await machine.cutPower()
    const again = parts.use(await startMachine(options))
    await until('the stand-in runs again', async () => (await again.sh('pgrep -u kiosk -x carillon; true')) !== '')
    await bench.shows(again, picture, 'power-cut')
    bench.note('power-cut-to-picture', again.uptime / 1000)
    bench.note('power-cut-processor', again.processorSeconds)
    await mustBeClean(again, 'power cut')
    await checkSystem(again)
  }
  bench.note('all', (performance.now() - began) / 1000)
  console.log(`The ${arch} image boots and heals, with a stand-in for the app.`)

  /** A picture that is not black, and the same twice. */
  async function steadyPicture() {
    const file = join(folder, 'now.png')
    await machine.screenshot(file)
    const first = await readPicture(file)
    await machine.screenshot(file)
    const second = await readPicture(file)
    const mean = second.reduce((sum, shade) => sum + shade, 0) / second.length
    return mean > 2 * sameWithin && distance(first, second) < 1 ? second : null
  }
}

/** By DPMS, which no X server without a screen has; here the driver of the emulated one switches it off. */
async function switchDisplay({ machine, bench, picture }: Stage): Promise<void> {
  await machine.sh('pkill -USR1 -u kiosk -x carillon')
  const file = join(bench.folder, 'now.png')
  await until('the display is off', async () => {
    await machine.screenshot(file)
    return distance(await readPicture(file), picture) > sameWithin
  })
  await bench.keep(machine, 'display-off')
  await machine.sh('pkill -USR2 -u kiosk -x carillon')
  await bench.shows(machine, picture, 'display-on-again')
  const orders = await machine.sh("journalctl -b -t kiosk -o cat --no-pager -g '^stand-in display-power'")
  if (orders.trim() !== 'stand-in display-power: off 0\nstand-in display-power: on 0')
    throw new Error(`The library was asked to switch the display off and on, and says: ${orders}`)
}

/** Of a PNG: its header has them after its first name. */
async function sizeOf(file: string): Promise<string> {
  const bytes = await readFile(file)
  return `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`
}
