import { setTimeout as pause } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { type Machine, type MachineOptions, startMachine } from './machine.ts'
import type { Operator } from './operator.ts'
import type { Picture } from './picture.ts'
import { until } from './until.ts'

/** What goes on in the machine when its plug is pulled. */
const moments = [
  { name: 'idle', prepare: '' },
  {
    name: 'writing',
    prepare:
      'nohup sh -c "while :; do dd if=/dev/zero of=/var/tmp/x bs=64k count=200 conv=fsync; done" >/dev/null 2>&1 &',
  },
  { name: 'app-starting', prepare: 'pkill -KILL -u kiosk -x carillon; sleep 3' },
  {
    name: 'renaming',
    prepare:
      'nohup sh -c "while :; do echo x >/var/tmp/a; mv /var/tmp/a /var/tmp/b; sync -f /var/tmp; done" >/dev/null 2>&1 &',
  },
  { name: 'shutting-down', prepare: 'nohup sh -c "sleep 1; systemctl poweroff" >/dev/null 2>&1 &' },
] as const

/** Pulls the plug five times; each time the machine has to come back clean, with its credential, and show the same. */
export async function cutPowerFiveTimes(
  first: Machine,
  options: MachineOptions,
  { operator, bench, picture }: { readonly operator: Operator; readonly bench: Bench; readonly picture: Picture },
): Promise<void> {
  const devices = await operator.devices()
  let machine = first
  for (const { name, prepare } of moments) {
    if (prepare !== '') await machine.sh(prepare)
    // What was begun is under way.
    await pause(2000)
    await machine.cutPower()
    machine = await startMachine(options)
    await until(`${name}: online again`, () => operator.isOnline())
    await bench.shows(machine, picture, `power-cut-${name}`)
    bench.note(`power-cut-${name}-to-picture`, machine.uptime / 1000)
    bench.note(`power-cut-${name}-processor`, machine.processorSeconds)
    await mustBeClean(machine, name)
    const now = await operator.devices()
    if (now.join() !== devices.join()) throw new Error(`${name}: the screen was enrolled again`)
  }
  await machine.cutPower()
}

export async function mustBeClean(machine: Machine, name: string): Promise<void> {
  const complaints = await machine.sh(
    "systemctl list-units --failed --plain --no-legend; journalctl -b -k -p err -g 'EXT4-fs|I/O error' --no-pager -q -o cat || true; " +
      'awk \'$2 == "/" && $4 !~ /(^|,)rw(,|$)/ { print "root is read-only" }\' /proc/mounts; ls -d /var/lib/carillon/data/keyrings.bad 2>/dev/null || true',
  )
  if (complaints.trim() !== '') throw new Error(`${name}: the machine is not clean:\n${complaints}`)
}
