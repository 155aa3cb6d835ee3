import { expect, test } from 'vitest'
import { leftOut } from './left-out.ts'
import { missingPackages } from './needs.ts'
import { readOptions } from './options.ts'
import { architectures, isBoard, packagesFor } from './packages.ts'

test.each(architectures)(
  '%s: one kernel, firmware where a board needs it, no package twice and no compiler',
  (arch) => {
    const packages = packagesFor(arch, ['firmware-iwlwifi', 'zstd'])
    expect(packages.filter((name) => name.startsWith('linux-image-'))).toHaveLength(1)
    expect(packages.includes('raspi-firmware')).toBe(isBoard(arch))
    expect(packages.includes('systemd-boot-efi')).toBe(!isBoard(arch))
    expect(packages).toContain('firmware-iwlwifi')
    expect(new Set(packages).size).toBe(packages.length)
    for (const name of packages) expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/)
    // Both bring the C preprocessor along.
    expect(packages).not.toContain('x11-xserver-utils')
    expect(packages).not.toContain('cpp')
  },
)

test.each(architectures)('%s: what is left out is left in where the kiosk needs it', (arch) => {
  const excluded = leftOut(arch, false).filter((line) => line.startsWith('path-exclude=/lib/modules/'))
  const needed = ['fs/ext4', 'fs/fat', 'fs/nls', 'fs/overlayfs', 'drivers/block', 'drivers/net/usb', 'drivers/mmc']
  const board = [
    'drivers/gpu/drm/vc4',
    'drivers/net/wireless/broadcom',
    'drivers/watchdog',
    'sound/soc',
    'drivers/media/cec',
  ]
  const pc = [
    'drivers/ata',
    'drivers/nvme',
    'drivers/gpu/drm/i915',
    'drivers/net/ethernet/intel',
    'drivers/gpu/drm/virtio',
  ]
  for (const path of [...needed, ...(isBoard(arch) ? board : pc)]) {
    expect(excluded).not.toContain(`path-exclude=/lib/modules/*/kernel/${path}/*`)
  }
  for (const line of excluded) expect(line).toMatch(/^path-exclude=\/lib\/modules\/\*\/kernel\/[\w/*.-]+\/\*$/)
})

test('OpenGL stays out unless asked for, licences stay in', () => {
  expect(leftOut('amd64', false).join()).toContain('libLLVM')
  expect(leftOut('amd64', true).join()).not.toContain('libLLVM')
  const lines = leftOut('armhf', false)
  const documents = lines.indexOf('path-exclude=/usr/share/doc/*')
  expect(lines.indexOf('path-include=/usr/share/doc/*/copyright')).toBeGreaterThan(documents)
})

test('a bare machine is told in one line what to install', () => {
  const none = { has: () => false }
  expect(missingPackages('amd64', none)).toEqual(expect.arrayContaining(['mmdebstrap', 'fdisk', 'mtools']))
  expect(missingPackages('amd64', none)).not.toContain('qemu-user-static')
  expect(missingPackages('armhf', none)).toEqual(expect.arrayContaining(['qemu-user-static', 'arch-test']))
  expect(missingPackages('amd64', { ...none, test: true })).toContain('qemu-system-x86')
  expect(missingPackages('arm64', { ...none, test: true })).toEqual(
    expect.arrayContaining(['qemu-system-arm', 'gcc-aarch64-linux-gnu']),
  )
  expect(missingPackages('armhf', { app: true, has: () => true })).toEqual([])
})

test('who packages the app is told of its compiler in the same line, and nobody else', () => {
  const noCompiler = { has: (program: string) => !/cc$/.test(program) }
  expect(missingPackages('amd64', noCompiler)).toEqual([])
  expect(missingPackages('amd64', { ...noCompiler, app: true })).toContain('libc6-dev')
  expect(missingPackages('armhf', { ...noCompiler, app: true })).toEqual(
    process.arch === 'arm' ? ['gcc', 'libc6-dev'] : ['gcc-arm-linux-gnueabihf', 'libc6-dev-armhf-cross'],
  )
  expect(missingPackages('armhf', { app: true, has: (program) => program !== 'gcc' })).toEqual([])
})

test('what is asked for is understood, and what is not is said', () => {
  const env = { XDG_CACHE_HOME: '/cache' }
  expect(readOptions(['--arch', 'armhf', '--app', '/app', '-o', '/out/a.img', '--no-compress'], env)).toMatchObject({
    ...{ arch: 'armhf', app: '/app', output: '/out/a.img', compress: false, gl: false, cache: '/cache/carillon/image' },
    mirror: 'http://deb.debian.org/debian',
  })
  expect(() => readOptions(['--arch', 'armv7'], env)).toThrow('--arch is one of')
  expect(() => readOptions(['--arch', 'amd64', '-o', 'disk.iso'], env)).toThrow('.img')
  expect(() => readOptions(['--arch', 'amd64', '--packages', 'a b;rm'], env)).toThrow('no name of a package')
  expect(() => readOptions(['--arch', 'amd64', '--mirror', 'deb.debian.org'], env)).toThrow('no address')
  expect(() => readOptions(['--arch', 'amd64', '--what'], env)).toThrow('--what')
})
