import { constants } from 'node:fs'
import { access, mkdir, readFile, realpath, statfs } from 'node:fs/promises'
import { basename } from 'node:path'
import type { BundlePlace } from '#protocol/pane.ts'

export interface PlacesOptions {
  /** On this machine, made when it is first written to. */
  readonly folder: string
  /** As the kernel lists them: `/proc/self/mounts`. */
  mounts?(): Promise<string>
  /** Whether this block device, `sda1`, hangs on USB. */
  isUsb?(device: string): Promise<boolean>
}

/** Where a bundle can be written now: sticks that are mounted, and a folder. */
export async function findPlaces(options: PlacesOptions): Promise<readonly BundlePlace[]> {
  const { folder, mounts = kernelMounts, isUsb = hangsOnUsb } = options
  const sticks: string[] = []
  for (const { device, path, flags } of readMounts(await mounts())) {
    if (flags.includes('rw') && (await isUsb(device)) && (await isWritable(path))) sticks.push(path)
  }
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(() => {}) // told when somebody writes to it
  return Promise.all([...sticks.map((path) => describe('usb', path)), describe('folder', folder)])
}

interface Mount {
  readonly device: string
  readonly path: string
  readonly flags: readonly string[]
}

/** Of block devices only. Spaces and the like are written as octal numbers. */
function readMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [source = '', path = '', , flags = ''] = line.split(' ').map(plain)
    return source.startsWith('/dev/') ? [{ device: basename(source), path, flags: flags.split(',') }] : []
  })
}

function plain(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

async function describe(kind: BundlePlace['kind'], path: string): Promise<BundlePlace> {
  const free = await statfs(path).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  )
  return { id: `${kind}:${path}`, kind, path, free }
}

/** Empty where there is no such file, as on other systems. */
function kernelMounts(): Promise<string> {
  return readFile('/proc/self/mounts', 'utf8').catch(() => '')
}

async function hangsOnUsb(device: string): Promise<boolean> {
  const path = await realpath(`/sys/class/block/${device}`).catch(() => '')
  return /\/usb\d/.test(path)
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
}
