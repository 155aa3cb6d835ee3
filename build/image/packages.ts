import type { NativeArch } from '../native-library.ts'

/** What the image is made of: Debian packages, by what they are for. The list for each architecture is data. */

export const architectures = ['armhf', 'arm64', 'amd64'] as const
export type Architecture = (typeof architectures)[number]
/** What Electron calls them. */
export const electronArch = { armhf: 'armv7l', arm64: 'arm64', amd64: 'x64' } as const satisfies Record<
  Architecture,
  NativeArch
>
/** A board boots by its own firmware, a PC by UEFI. */
export const isBoard = (arch: Architecture): boolean => arch !== 'amd64'

/** armhf stays here: the next suite changed the size of `time_t` there, and with it what prebuilt programs pass. */
export const suite = 'bookworm'

const system = [
  'systemd-sysv',
  'systemd-timesyncd',
  'systemd-resolved',
  'udev',
  'kmod',
  'dbus',
  'dbus-user-session',
  'libpam-systemd',
  'iproute2',
  'fdisk',
  'procps',
  'ca-certificates',
  'tzdata',
  'e2fsprogs',
  'dosfstools',
  'initramfs-tools',
  'zstd',
  'systemd-zram-generator',
  'polkitd', // lets the kiosk user restart the machine, and nothing else
  'unattended-upgrades',
  'openssh-server', // installed, and off until the boot partition asks for it
  'wpasupplicant',
  'wireless-regdb',
]

const display = [
  'xserver-xorg-core',
  'xserver-xorg-input-libinput',
  'xinit',
  'matchbox-window-manager',
  'xterm', // what says why, when the app is not there to say it
  'libgl1-mesa-dri',
  'fonts-dejavu-core',
  'fonts-noto-color-emoji',
]

/** What Electron is linked to, and what it opens while it runs. */
const electron = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libdrm2',
  'libatk1.0-0',
  'libatk-bridge2.0-0',
  'libatspi2.0-0',
  'libcups2',
  'libdbus-1-3',
  'libexpat1',
  'libglib2.0-0',
  'libcairo2',
  'libpango-1.0-0',
  'libx11-6',
  'libxcb1',
  'libxcomposite1',
  'libxdamage1',
  'libxext6',
  'libxfixes3',
  'libxrandr2',
  'libxss1',
  'libxkbcommon0',
  'libudev1',
  'libsecret-1-0',
  'libnotify4',
  'libegl1',
  'libgles2',
  'libpci3',
  'libva2',
  'libvulkan1',
  'gnome-keyring',
]

const boot: Record<Architecture, readonly string[]> = {
  armhf: ['linux-image-armmp', 'raspi-firmware', 'firmware-brcm80211'],
  arm64: ['linux-image-arm64', 'raspi-firmware', 'firmware-brcm80211'],
  amd64: ['linux-image-amd64', 'systemd-boot-efi'],
}

export function packagesFor(arch: Architecture, more: readonly string[] = []): string[] {
  return [...new Set([...system, ...display, ...electron, ...boot[arch], ...more])]
}

/** Only what a board's firmware needs lies outside of `main`. */
export const components = 'main contrib non-free-firmware'
