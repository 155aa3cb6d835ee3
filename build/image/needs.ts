import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { compilersFor } from '../native-library.ts'
import { type Architecture, electronArch, isBoard } from './packages.ts'

/** Programs that a build starts, and the Debian package each is in. */
const programs: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  mcopy: 'mtools',
  sfdisk: 'fdisk',
  systemctl: 'systemd',
  'systemd-sysusers': 'systemd',
  unshare: 'util-linux',
  dpkg: 'dpkg',
  xz: 'xz-utils',
  bmaptool: 'bmap-tools',
}

/** What an emulated system needs besides. */
const testPrograms: Readonly<Record<string, string>> = {
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  convert: 'imagemagick',
  zbarimg: 'zbar-tools',
}

/** The emulated machine; for a board also the compiler of what stands in for the app. */
const machines: Readonly<Record<Architecture, Readonly<Record<string, string>>>> = {
  amd64: { 'qemu-system-x86_64': 'qemu-system-x86' },
  armhf: { 'qemu-system-arm': 'qemu-system-arm', 'arm-linux-gnueabihf-gcc': 'gcc-arm-linux-gnueabihf' },
  arm64: { 'qemu-system-aarch64': 'qemu-system-arm', 'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu' },
}

export interface Work {
  /** Whether the app is packaged too, which brings a library in C along. */
  readonly app?: boolean
  /** Whether the image is started in an emulator. */
  readonly test?: boolean
  /** Whether that program is here. */
  readonly has?: (program: string) => boolean
}

/** The Debian packages that are missing here; none when a build can begin. */
export function missingPackages(
  arch: Architecture,
  { app = false, test = false, has = isProgram }: Work = {},
): string[] {
  const wanted = { ...programs, ...(test && { ...testPrograms, ...machines[arch] }), ...emulator(arch) }
  const missing = Object.entries(wanted).flatMap(([program, name]) => (has(program) ? [] : [name]))
  const compilers = compilersFor(electronArch[arch])
  if (app && !compilers.programs.some(has)) missing.push(...compilers.packages)
  return [...new Set(missing)]
}

/** Packages of another architecture run their scripts; the kernel then starts this for them, and mmdebstrap looks first. */
function emulator(arch: Architecture): Record<string, string> {
  if (!isBoard(arch) || process.arch === (arch === 'arm64' ? 'arm64' : 'arm')) return {}
  return {
    [arch === 'arm64' ? 'qemu-aarch64-static' : 'qemu-arm-static']: 'qemu-user-static',
    'arch-test': 'arch-test',
  }
}

function isProgram(name: string): boolean {
  // A user's PATH often lacks the folders of the administrator's programs.
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin']
  return folders.some((folder) => isExecutable(join(folder, name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
