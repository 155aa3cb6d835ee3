import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Architecture } from '../../build/image/packages.ts'
import { board, pc } from './hardware.ts'
import { openQmp } from './qmp.ts'

const execute = promisify(execFile)

/** A machine that exists only here, with the image as its disk. */
export interface Machine extends AsyncDisposable {
  /** Milliseconds since it was switched on. */
  readonly uptime: number
  /** Seconds of the host's processors that it has used: on a busy host these say more than the clock. */
  readonly processorSeconds: number
  /** Writes a PNG of what its display shows. */
  screenshot(file: string): Promise<void>
  /** Plugs the network cable in or out. */
  plug(network: boolean): Promise<void>
  /** Runs a command as root in it; what it prints. Throws when it fails or does not answer in time. */
  sh(command: string, timeoutMs?: number): Promise<string>
  /** Pulls the plug. */
  cutPower(): Promise<void>
}

export interface MachineOptions {
  readonly arch: Architecture
  readonly disk: string
  /** For its sockets, keys and the output of its serial port. */
  readonly folder: string
  /** A private key that the disk's boot partition knows. */
  readonly key: string
  readonly sshPort: number
}

/** In the machine this address is the host's loopback. */
export const hostAddress = '10.0.2.2'
export const memoryMb = 806

export async function startMachine({ arch, disk, folder, key, sshPort }: MachineOptions): Promise<Machine> {
  const { program, args } = await (arch === 'amd64' ? pc(folder) : board(arch, disk, folder))
  const control = join(folder, 'qmp')
  await rm(control, { force: true })
  const started = performance.now()
  const machine = spawn(
    program,
    [
      ...['-smp', '2', '-m', String(memoryMb)],
      ...['-drive', `file=${disk},format=raw,if=none,id=disk`, '-device', 'virtio-blk-pci,drive=disk,bootindex=1'],
      ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${sshPort}-:22`],
      // Without its ROM the firmware does not look for something to boot there.
      ...['-device', 'virtio-net-pci,netdev=net,id=nic,romfile='],
      ...['-device', 'virtio-rng-pci', '-display', 'none'],
      ...['-qmp', `unix:${control},server=on,wait=off`, '-serial', `file:${join(folder, 'serial.log')}`],
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const log = createWriteStream(join(folder, 'qemu.log'), { flags: 'a' })
  machine.stdout.pipe(log, { end: false })
  machine.stderr.pipe(log, { end: false })
  const ended = once(machine, 'exit')
  const qmp = await openQmp(control)

  async function cutPower(): Promise<void> {
    qmp[Symbol.dispose]()
    machine.kill('SIGKILL')
    await ended
  }
  // In seconds: signing in takes an emulated board's processor that long, when others want the host's as well.
  const patience = arch === 'amd64' ? 20 : 60
  const login = ['-p', String(sshPort), '-i', key, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no']
  const quiet = ['-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o', `ConnectTimeout=${patience}`]
  return {
    get uptime() {
      return performance.now() - started
    },
    get processorSeconds() {
      // After the name, which is in parentheses: fields 14 and 15, in hundredths.
      const fields = readFileSync(`/proc/${machine.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    async screenshot(file) {
      await qmp.execute('screendump', { filename: file, format: 'png' })
    },
    async plug(network) {
      await qmp.execute('set_link', { name: 'nic', up: network })
    },
    async sh(command, timeoutMs = 3000 * patience) {
      const args = [...login, ...quiet, 'root@127.0.0.1', command]
      const { stdout } = await execute('ssh', args, { timeout: timeoutMs, maxBuffer: 16e6 })
      return stdout
    },
    cutPower,
    [Symbol.asyncDispose]: cutPower,
  }
}
