import { accessSync, constants, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mebibyte } from '../../build/image/partitions.ts'
import { read, run } from '../../build/image/run.ts'
import type { BoardArchitecture } from './stand-in.ts'

/** An emulator, and what it is told besides the parts that all machines have. */
export interface Hardware {
  readonly program: string
  readonly args: readonly string[]
}

/** A PC that boots by UEFI, which keeps its variables in a file of the folder. */
export async function pc(folder: string): Promise<Hardware> {
  const vars = join(folder, 'uefi-vars.fd')
  await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', vars)
  return {
    program: 'qemu-system-x86_64',
    args: [
      ...['-machine', 'q35', ...acceleration(), '-device', 'virtio-vga'],
      ...['-drive', 'if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'],
      ...['-drive', `if=pflash,format=raw,file=${vars}`],
      ...['-device', 'i6300esb', '-action', 'watchdog=reset'],
    ],
  }
}

/**
 * QEMU's own board "virt", always emulated: of a Raspberry Pi it has neither display nor network. In place of the Pi's
 * firmware it hands over the kernel, the initrd and the options that the image's config.txt and cmdline.txt name.
 */
export async function board(arch: BoardArchitecture, disk: string, folder: string): Promise<Hardware> {
  const partition = ['-i', `${disk}@@${4 * mebibyte}`]
  const config = await read('mtype', [...partition, '::config.txt'])
  const options = await read('mtype', [...partition, '::cmdline.txt'])
  const [kernel, initrd] = [/^kernel=(\S+)$/m, /^initramfs (\S+)$/m].map((line) => line.exec(config)?.[1])
  if (kernel === undefined || initrd === undefined) throw new Error(`config.txt names no kernel or initrd:\n${config}`)
  await run('mcopy', ['-o', ...partition, `::${kernel}`, `::${initrd}`, folder])
  return {
    ...boards[arch],
    args: [
      ...boards[arch].args,
      ...['-accel', 'tcg,thread=multi,tb-size=1024', '-device', 'virtio-gpu-pci'],
      ...['-kernel', join(folder, kernel), '-initrd', join(folder, initrd)],
      // The first console is only written to; the last one is the machine's.
      ...['-append', `console=ttyAMA0 ${options.trim()}`],
    ],
  }
}

/** With the processors that come next to a Raspberry Pi 2's and are a Pi 3's. */
const boards: Readonly<Record<BoardArchitecture, Hardware>> = {
  armhf: { program: 'qemu-system-arm', args: ['-machine', 'virt,highmem=off', '-cpu', 'cortex-a15'] },
  arm64: { program: 'qemu-system-aarch64', args: ['-machine', 'virt', '-cpu', 'cortex-a53'] },
}

/** A /dev/kvm that exists is no proof: without the processor's own help it is slower than emulation, or does not start. */
export function acceleration(): string[] {
  return isHardware()
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max,la57=off']
}

function isHardware(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}
