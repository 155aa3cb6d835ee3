import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { overlay } from './overlay.ts'
import { type Architecture, components, isBoard, suite } from './packages.ts'
import { run } from './run.ts'

/** Makes Debian's tree a kiosk: our files over it, the user, and what starts by itself. All of it without emulation. */
export async function customize(tree: string, arch: Architecture, gl: boolean): Promise<void> {
  for (const part of ['common', isBoard(arch) ? 'board' : 'pc', ...(gl ? [] : ['software'])]) {
    // Every file of root's, whoever built this.
    await run('cp', ['-r', '--no-preserve=ownership', '--preserve=mode', `${join(overlay, part)}/.`, tree])
  }
  await writeFile(join(tree, 'etc/fstab'), fstab)
  await writeFile(join(tree, 'etc/hostname'), 'carillon\n')
  await writeFile(join(tree, 'etc/apt/sources.list'), sources)
  await run('systemd-sysusers', [`--root=${tree}`])
  await startOnBoot(tree)
  await forgetBuilder(tree)
}

/** What a build leaves behind and a device makes for itself. */
async function forgetBuilder(tree: string): Promise<void> {
  await writeFile(join(tree, 'etc/machine-id'), '')
  await run('sh', ['-euc', forgotten, 'sh', tree])
  await run('ln', ['-s', '../run/systemd/resolve/stub-resolv.conf', join(tree, 'etc/resolv.conf')])
  await rm(join(tree, 'etc/apt/apt.conf.d/99mmdebstrap'), { force: true })
  await run('mv', [join(tree, 'etc/dpkg/dpkg.cfg.d/99mmdebstrap'), join(tree, 'etc/dpkg/dpkg.cfg.d/carillon')])
  // From here on a new kernel makes its initrd.
  await writeFile(join(tree, 'etc/initramfs-tools/update-initramfs.conf'), 'update_initramfs=yes\n')
}

/** Where a device gets its updates, whatever the builder's mirror was. */
const sources = `deb http://deb.debian.org/debian ${suite} ${components}
deb http://deb.debian.org/debian ${suite}-updates ${components}
deb http://deb.debian.org/debian-security ${suite}-security ${components}
`

const forgotten = `cd "$1"
find var/log -type f -delete
rm -rf var/lib/dbus/machine-id etc/ssh/ssh_host_* var/lib/apt/lists/* var/cache/apt/*.bin tmp/* run/* \\
	etc/resolv.conf var/lib/systemd/random-seed etc/passwd- etc/group- etc/shadow- etc/gshadow-
`

async function startOnBoot(tree: string): Promise<void> {
  const root = `--root=${tree}`
  await run('systemctl', [root, '--quiet', 'enable', ...enabled])
  await run('systemctl', [root, '--quiet', 'disable', 'ssh.service'])
  await run('systemctl', [root, '--quiet', 'mask', ...masked])
  // The session starts the keyring itself, with the key of the device.
  await run('systemctl', [
    root,
    '--quiet',
    '--global',
    'mask',
    'gnome-keyring-daemon.service',
    'gnome-keyring-daemon.socket',
    'gcr-ssh-agent.service',
    'gcr-ssh-agent.socket',
  ])
  await run('systemctl', [root, '--quiet', 'set-default', 'graphical.target'])
}

const enabled = [
  'carillon-grow-root.service',
  'carillon-provision.service',
  'carillon-kiosk.service',
  'carillon-watch.service',
  'carillon-update.timer',
  'systemd-networkd.service',
  'systemd-resolved.service',
  'systemd-timesyncd.service',
]

const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'unattended-upgrades.service',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty@tty1.service',
  'keyboard-setup.service',
  'console-setup.service',
  'systemd-networkd-wait-online.service',
  'wpa_supplicant.service',
  'systemd-binfmt.service',
  'systemd-pstore.service',
]

/**
 * The boot partition is only read, so that pulling the plug cannot hurt it. A slow machine gets all the time it needs to
 * find it: without it nothing of kiosk.conf is known.
 */
const fstab = `LABEL=kiosk-root / ext4 noatime,errors=remount-ro,x-systemd.growfs 0 1
LABEL=KIOSKBOOT /boot/firmware vfat ro,nofail,x-systemd.device-timeout=5min,umask=077 0 0
tmpfs /tmp tmpfs nosuid,nodev,size=25% 0 0
`
