import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Architecture, isBoard } from './packages.ts'

/** Beyond the initrd's: parts that somebody would miss and that no emulated machine has. */
const parts = ['virtio_net', 'zram', 'hid_generic', 'hid_multitouch', 'usbhid', 'cdc_ether', 'r8152']
const ofBoards = ['bcm2835_wdt', 'bcm2835_thermal', 'bcm2835_rng', 'brcmfmac', 'raspberrypi_cpufreq']
const ofPcs = ['i6300esb', 'iTCO_wdt', 'i915', 'e1000e', 'r8169', 'iwlwifi', 'snd_hda_intel', 'coretemp']

/**
 * What is left out of the kernel's modules must be nothing that those which are needed need: one that lacks another
 * stays silent when it does not load, and with it a board's USB and its network. Throws what is missing.
 */
export async function checkModules(tree: string, arch: Architecture): Promise<void> {
  for (const version of await readdir(join(tree, 'lib/modules'))) {
    const folder = join(tree, 'lib/modules', version)
    const initrd = await readFile(join(tree, 'etc/initramfs-tools/modules'), 'utf8')
    const wanted = [
      ...initrd.split('\n').filter((name) => name !== ''),
      ...parts,
      ...(isBoard(arch) ? ofBoards : ofPcs),
    ]
    const missing = await missingModules(folder, wanted)
    if (missing.length > 0)
      throw new Error(`Modules are left out that are needed (left-out.ts):\n${missing.join('\n')}`)
  }
}

/** Of these modules and of those that they need, the ones that are neither there nor built in, and for whom. */
export async function missingModules(folder: string, wanted: readonly string[]): Promise<string[]> {
  const files = await readdir(join(folder, 'kernel'), { recursive: true })
  const paths = new Map(files.filter((file) => file.endsWith('.ko')).map((file) => [nameOf(file), file]))
  const builtin = new Set((await readFile(join(folder, 'modules.builtin'), 'utf8')).split('\n').map(nameOf))
  const missing: string[] = []
  const seen = new Set<string>()

  async function look(name: string, wantedBy: string): Promise<void> {
    if (seen.has(name) || builtin.has(name)) return
    seen.add(name)
    const path = paths.get(name)
    if (path === undefined) missing.push(`${name}, for ${wantedBy}`)
    else for (const needed of await needsOf(join(folder, 'kernel', path))) await look(needed, name)
  }
  for (const name of wanted) await look(nameOf(name), 'the kiosk')
  return missing
}

/** A module says itself what it needs, between zero bytes. */
async function needsOf(file: string): Promise<string[]> {
  const said = /\0depends=([^\0]*)\0/.exec(await readFile(file, 'latin1'))?.[1] ?? ''
  return said
    .split(',')
    .filter((name) => name !== '')
    .map(nameOf)
}

/** Files have hyphens where the kernel has underscores, or not. */
function nameOf(file: string): string {
  return basename(file, '.ko').replaceAll('-', '_')
}
