import type { Bench } from './bench.ts'
import type { Machine } from './machine.ts'
import type { Operator } from './operator.ts'
import type { Picture } from './picture.ts'
import { until } from './until.ts'

export interface Stage {
  readonly machine: Machine
  readonly bench: Bench
  /** What the screen showed before anything was broken. */
  readonly picture: Picture
}

export interface Scene extends Stage {
  readonly operator: Operator
}

/** Breaks one thing after another, and waits for the screen to be as it was. */
export async function injectFaults(scene: Scene): Promise<void> {
  await killed(scene, 'renderer', `pgrep -u kiosk -f -- '--type=renderer' | sort -n | tail -n 1`)
  await killed(scene, 'app', `pgrep -u kiosk -x carillon -o`)
  await stopped(scene)
  await killed(scene, 'x', 'pgrep -u kiosk -x Xorg')
  await unplugged(scene)
  await kernelStopped(scene)
}

/** Kills a process; another has to take its place and show the same. */
export async function killed({ machine, bench, picture }: Stage, name: string, find: string): Promise<void> {
  const before = (await machine.sh(find)).trim()
  if (before === '') throw new Error(`${name}: there is none to kill`)
  await machine.sh(`kill -KILL ${before}`)
  const began = performance.now()
  await until(`${name}: another process`, async () => {
    const now = (await machine.sh(find)).trim()
    return now !== '' && now !== before
  })
  bench.note(`${name}-killed-another-runs`, (performance.now() - began) / 1000)
  await bench.shows(machine, picture, `${name}-killed-and-back`)
  bench.note(`${name}-killed-to-picture`, (performance.now() - began) / 1000)
}

/** An app that hangs: only the missing heartbeat tells. */
export async function stopped({ machine, bench, picture }: Stage): Promise<void> {
  const beats = await machine.sh('test -e /run/carillon/kiosk/heartbeat && echo yes || true')
  if (beats.trim() !== 'yes') throw new Error('The app writes no heartbeat.')
  const find = 'pgrep -u kiosk -x carillon -o'
  const before = (await machine.sh(find)).trim()
  await machine.sh(`kill -STOP ${before}`)
  const began = performance.now()
  await until('hanging app: another process', async () => {
    const now = (await machine.sh(find)).trim()
    return now !== '' && now !== before
  })
  bench.note('app-hangs-another-runs', (performance.now() - began) / 1000)
  await bench.shows(machine, picture, 'app-hung-and-back')
}

/** Without its network the screen goes on, the server knows, and all is well again with the cable back in. */
async function unplugged({ machine, operator, bench, picture }: Scene): Promise<void> {
  await machine.plug(false)
  const began = performance.now()
  await until('unplugged: the server knows', async () => !(await operator.isOnline()), { everyMs: 500 })
  bench.note('unplugged-server-knows', (performance.now() - began) / 1000)
  await bench.keep(machine, 'unplugged')
  await machine.plug(true)
  const again = performance.now()
  await until('plugged in: the server knows', () => operator.isOnline(), { everyMs: 500 })
  bench.note('plugged-in-server-knows', (performance.now() - again) / 1000)
  await bench.shows(machine, picture, 'plugged-in-again')
}

/** Nothing in it runs any more, and it was told not to restart by itself: what is left is the watchdog's hardware. */
async function kernelStopped({ machine, bench, picture }: Scene): Promise<void> {
  const boot = 'cat /proc/sys/kernel/random/boot_id'
  const before = await machine.sh(boot)
  const stop = 'sysctl -q kernel.panic=0; sleep 1; echo c >/proc/sysrq-trigger'
  await machine.sh(`nohup sh -c '${stop}' >/dev/null 2>&1 &`)
  const began = performance.now()
  await until('kernel stopped: started anew', async () => (await machine.sh(boot)) !== before)
  bench.note('kernel-stopped-another-runs', (performance.now() - began) / 1000)
  await bench.shows(machine, picture, 'kernel-stopped-and-back')
  bench.note('kernel-stopped-to-picture', (performance.now() - began) / 1000)
}
