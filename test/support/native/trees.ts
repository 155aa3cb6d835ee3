import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../temporary-folder.ts'

/** Files of a machine by their paths: a text, bytes, or where a link leads. */
export type Tree = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>

/** A folder with these files, which goes when the test has ended. */
export function machineWith(...trees: readonly Tree[]): string {
  const root = temporaryFolder()
  for (const [path, content] of Object.entries(Object.assign({}, ...trees) as Tree)) {
    const place = join(root, path)
    mkdirSync(dirname(place), { recursive: true })
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(place, content)
    else symlinkSync(content.link, place)
  }
  return root
}

const mmc = 'sys/devices/platform/soc/3f202000.mmc/mmc_host/mmc0/mmc0:aaaa'

/** Where the partition mmcblk0p2 and its card are. */
export const sdCard: Tree = {
  'sys/dev/block/179:2': {
    link: '../../devices/platform/soc/3f202000.mmc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0/mmcblk0p2',
  },
  [`${mmc}/block/mmcblk0/mmcblk0p2/partition`]: '2\n',
  [`${mmc}/block/mmcblk0/device`]: { link: '../../../mmc0:aaaa' },
  [`${mmc}/type`]: 'SD\n',
  'proc/self/mountinfo': [
    '24 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw,commit=60',
    '25 24 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs devtmpfs rw,size=367196k,mode=755',
    '31 24 179:1 / /boot/firmware rw,relatime shared:15 - vfat /dev/mmcblk0p1 rw,umask=077',
    '',
  ].join('\n'),
  'etc/fstab': '# written by the image\nLABEL=kiosk-root\t/ ext4 defaults,noatime,commit=60 0 1\n',
  'proc/cmdline': 'coherent_pool=1M root=LABEL=kiosk-root ro rootwait quiet\n',
  'sys/fs/ext4/mmcblk0p2/errors_count': '0\n',
}
export const cardFolder = mmc

/** A Raspberry Pi 3 with the kernel of its makers, warm and on a weak power supply. */
export const raspberryPi: Tree = {
  ...sdCard,
  'dev/vcio': '0x30006 0 48312\n0x30046 0x50005 0\n',
  'proc/device-tree/model': 'Raspberry Pi 3 Model B Plus Rev 1.3\0',
  'proc/device-tree/serial-number': '00000000c3a1b2f4\0',
  'proc/meminfo':
    'MemTotal:         948304 kB\nMemFree:           52312 kB\nMemAvailable:     431220 kB\nBuffers:    1 kB\n',
  'proc/pressure/memory':
    'some avg10=2.34 avg60=1.05 avg300=0.31 total=1042034\nfull avg10=1.20 avg60=0.50 avg300=0.11 total=502011\n',
  'proc/pressure/cpu':
    'some avg10=12.00 avg60=9.10 avg300=4.00 total=99\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  'proc/pressure/io':
    'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  'dev/watchdog': '',
  'sys/class/watchdog/watchdog0/state': 'inactive\n',
}

/** The same board with the kernel of Debian, which has no /dev/vcio. */
export const raspberryPiOnDebian: Tree = {
  ...sdCard,
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '51540\n',
  'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
  'sys/class/hwmon/hwmon1/name': 'rpi_volt\n',
  'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n',
}

/** A small PC with an SSD. */
export const pc: Tree = {
  'sys/class/dmi/id/sys_vendor': 'LENOVO\n',
  'sys/class/dmi/id/product_name': 'ThinkCentre M75n\n',
  'sys/class/dmi/id/product_serial': 'PC1ABCDE\n',
  'sys/class/thermal/thermal_zone0/type': 'acpitz\n',
  'sys/class/thermal/thermal_zone0/temp': '16800\n',
  'sys/class/thermal/thermal_zone1/type': 'x86_pkg_temp\n',
  'sys/class/thermal/thermal_zone1/temp': '43000\n',
  'sys/dev/block/8:1': { link: '../../devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1' },
  'sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1/partition': '1\n',
  'sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda/device': { link: '../../../0:0:0:0' },
  'sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/ioerr_cnt': '0x1f\n',
  'proc/self/mountinfo': '24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro\n',
  'sys/fs/ext4/sda1/errors_count': '3\n',
}
