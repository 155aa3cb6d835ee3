import { type Architecture, isBoard } from './packages.ts'

/**
 * Files of Debian's packages that no kiosk needs, as dpkg's own path patterns. They are given to dpkg for the build and
 * stay in the image, so that an update does not bring back what was left out.
 */
export function leftOut(arch: Architecture, gl: boolean): string[] {
  const modules = [...everywhere, ...(isBoard(arch) ? onBoards : onPcs)].map(
    (path) => `/lib/modules/*/kernel/${path}/*`,
  )
  return [
    ...(gl ? [] : drawing.map((path) => `path-exclude=${path}`)),
    ...documents.map((path) => `path-exclude=${path}`),
    'path-include=/usr/share/doc/*/copyright',
    'path-include=/usr/share/locale/locale.alias',
    'path-include=/usr/share/icons/Adwaita/cursors/*',
    'path-include=/usr/share/icons/Adwaita/*.theme',
    ...modules.map((path) => `path-exclude=${path}`),
  ]
}

const documents = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/lintian/*',
  '/usr/share/bug/*',
  '/usr/share/locale/*',
  '/usr/share/help/*',
  '/usr/share/gtk-doc/*',
  '/usr/share/GConf/*',
  '/usr/share/icons/Adwaita/*',
  '/usr/share/icons/hicolor/*',
  '/usr/lib/*/gconv/*', // iconv's tables for old code pages; UTF-8 is built in
]

/** Mesa's drivers and the compiler that they carry: 160 MB for a picture that Chromium draws in software. */
const drawing = ['/usr/lib/*/libLLVM-*.so*', '/usr/lib/*/libz3.so*', '/usr/lib/*/dri/*']

/** Folders under kernel/: buses, disks and networks of servers and laboratories, cameras, tuners, old media. */
const everywhere = [
  'drivers/infiniband',
  'drivers/isdn',
  'drivers/iio',
  'drivers/comedi',
  'drivers/mtd',
  'drivers/target',
  'drivers/atm',
  'drivers/staging/media',
  'drivers/staging/rtl8*',
  'drivers/media/usb',
  'drivers/media/pci',
  'drivers/media/dvb-*',
  'drivers/media/i2c',
  'drivers/media/tuners',
  'drivers/media/radio',
  'drivers/media/common',
  'drivers/media/firewire',
  'drivers/media/mmc',
  'drivers/media/spi',
  'drivers/media/test-drivers',
  'drivers/firewire',
  'drivers/gnss',
  'drivers/accessibility',
  'drivers/message',
  'drivers/parport',
  'drivers/pcmcia',
  'drivers/ssb',
  'drivers/vhost',
  'drivers/vdpa',
  'drivers/ntb',
  'drivers/w1',
  'drivers/mcb',
  'drivers/siox',
  'drivers/thunderbolt',
  'drivers/bluetooth',
  'drivers/crypto',
  'drivers/edac',
  'drivers/hwmon/pmbus',
  'drivers/md',
  'drivers/nfc',
  'drivers/usb/atm',
  'drivers/usb/gadget/function', // the rest of it is what dwc2 needs, a Raspberry Pi's USB
  'drivers/usb/gadget/legacy',
  'drivers/usb/serial',
  'drivers/usb/usbip',
  'drivers/vfio',
  'drivers/net/bonding',
  'drivers/net/ppp',
  'drivers/net/wwan',
  'drivers/block/drbd',
  'drivers/md/bcache',
  'drivers/net/arcnet',
  'drivers/net/can',
  'drivers/net/fddi',
  'drivers/net/hamradio',
  'drivers/net/hippi',
  'drivers/net/ieee802154',
  'drivers/net/wan',
  'drivers/net/plip',
  'drivers/net/slip',
  'drivers/net/fjes',
  'drivers/gpu/drm/nouveau',
  ...['3com', 'amd', 'brocade', 'cavium', 'chelsio', 'cisco', 'dec', 'dlink', 'emulex', 'huawei', 'mellanox'].map(
    ethernet,
  ),
  ...['microsoft', 'neterion', 'netronome', 'pensando', 'qlogic', 'sfc', 'sun', 'stmicro', 'tehuti', 'via'].map(
    ethernet,
  ),
  ...['admtek', 'atmel', 'cisco', 'intersil', 'marvell', 'quantenna', 'rsi', 'st', 'ti', 'zydas'].map(wireless),
  ...['aacraid', 'aic7xxx', 'aic94xx', 'arcmsr', 'be2iscsi', 'bfa', 'bnx2fc', 'bnx2i', 'csiostor', 'cxgbi'].map(scsi),
  ...['cxlflash', 'elx', 'esas2r', 'fcoe', 'fnic', 'hisi_sas', 'isci', 'libfc', 'lpfc', 'megaraid', 'mpi3mr'].map(scsi),
  ...['mpt3sas', 'mvsas', 'pcmcia', 'pm8001', 'qedf', 'qedi', 'qla2xxx', 'qla4xxx', 'smartpqi', 'snic'].map(scsi),
  ...['9p', 'adfs', 'affs', 'afs', 'befs', 'bfs', 'btrfs', 'ceph', 'coda', 'dlm', 'ecryptfs', 'efs', 'f2fs'].map(fs),
  ...['freevxfs', 'gfs2', 'hfs', 'hfsplus', 'hpfs', 'jffs2', 'jfs', 'minix', 'netfs', 'nfs', 'nfs_common'].map(fs),
  ...['nfsd', 'nilfs2', 'ocfs2', 'omfs', 'orangefs', 'qnx4', 'qnx6', 'reiserfs', 'romfs', 'smb', 'sysv'].map(fs),
  ...['ubifs', 'udf', 'ufs', 'xfs', 'zonefs', 'cachefiles', 'fscache', 'lockd'].map(fs),
  ...[
    '6lowpan',
    '9p',
    'bluetooth',
    'bridge',
    'netfilter',
    'sched',
    'appletalk',
    'atm',
    'ax25',
    'batman-adv',
    'can',
    'ceph',
    'dccp',
    'dsa',
    'hsr',
  ].map(net),
  ...['ieee802154', 'l2tp', 'lapb', 'mac802154', 'mpls', 'mptcp', 'ncsi', 'netrom', 'nfc', 'openvswitch'].map(net),
  ...['phonet', 'rds', 'rose', 'rxrpc', 'sctp', 'smc', 'sunrpc', 'tipc', 'vmw_vsock', 'x25'].map(net),
  ...['ipv4/netfilter', 'ipv6/netfilter'].map(net),
  'sound/firewire',
  'sound/isa',
  'sound/pcmcia',
]

/** A board has no PCI slots for these. */
const onBoards = ['sound/pci', 'drivers/gpu/drm/amd', 'drivers/gpu/drm/radeon', 'drivers/ata', ethernet('intel')]

/** Drivers that are of no use without firmware that a PC's image does not bring: a screen is driven as UEFI left it. */
const onPcs = [
  'arch/x86/kvm',
  'drivers/gpu/drm/amd',
  'drivers/gpu/drm/radeon',
  'sound/soc',
  ...['ath', 'broadcom', 'mediatek', 'ralink', 'realtek'].map(wireless),
]

function ethernet(name: string): string {
  return `drivers/net/ethernet/${name}`
}

function wireless(name: string): string {
  return `drivers/net/wireless/${name}`
}

function scsi(name: string): string {
  return `drivers/scsi/${name}`
}

function fs(name: string): string {
  return `fs/${name}`
}

function net(name: string): string {
  return `net/${name}`
}
