import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runInside } from './inside.ts'
import { overlay } from './overlay.ts'
import { type Architecture, isBoard } from './packages.ts'
import { run } from './run.ts'

/** Fills the boot partition's folder in the tree: loader, kernel, initrd and kiosk.conf. */
export async function makeBootFiles(tree: string, arch: Architecture): Promise<void> {
  const folder = join(tree, 'boot/firmware')
  await mkdir(folder, { recursive: true })
  if (isBoard(arch)) await makeBoardFiles(tree)
  else await runInside(tree, '/usr/lib/carillon/boot-files')
  await copyFile(join(overlay, 'boot/kiosk.conf'), join(folder, 'kiosk.conf'))
}

/** The firmware package's own hook writes config.txt and cmdline.txt; it is configured and run once more. */
async function makeBoardFiles(tree: string): Promise<void> {
  await appendFile(join(tree, 'etc/default/raspi-firmware'), firmwareSettings)
  await writeFile(join(tree, 'etc/default/raspi-extra-cmdline'), `${boardOptions}\n`)
  await writeFile(join(tree, 'etc/default/raspi-firmware-custom'), `${configLines.join('\n')}\n`)
  await runInside(tree, 'DEB_MAINT_PARAMS=configure /etc/kernel/postinst.d/z50-raspi-firmware configure')
  // The boards whose firmware these are do not start from this image.
  await run('sh', [
    '-c',
    'rm -f "$1"/start4* "$1"/fixup4* "$1"/*_db.elf "$1"/*_db.dat "$1"/*_x.elf "$1"/*_x.dat',
    'sh',
    join(tree, 'boot/firmware'),
  ])
}

/** Left to itself the hook asks the builder where its root is. 128 MB for pictures: the default is too little for 1080p. */
const firmwareSettings = `
ROOTPART=LABEL=kiosk-root
CMA=128M
CONSOLES="ttyS1,115200 tty1"
`
/** Besides what the hook writes by itself: the root, and that its file system is repaired. */
const boardOptions = 'quiet loglevel=3 vt.global_cursor_default=0 psi=1 panic=10'
const configLines = ['disable_splash=1', 'disable_overscan=1', 'hdmi_force_hotplug=1', 'gpu_mem=32']
