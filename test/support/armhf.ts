import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * What runs a Node.js program of a 32-bit ARM machine here: Debian's emulator and C library, and Node and ffi-rs for
 * armv7l, as fetch-armhf.ts brings them.
 */
export const nodeVersion = '20.11.0'
export const sysroot = '/usr/arm-linux-gnueabihf'

/** Outside node_modules, so that `npm ci` keeps it. */
export function armhfFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'carillon', `armhf-node-${nodeVersion}`)
}

export const armhfPackages = 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross libstdc++6-armhf-cross qemu-user-static'
export const armhfPrograms = [
  '/usr/bin/arm-linux-gnueabihf-gcc',
  '/usr/bin/qemu-arm-static',
  `${sysroot}/lib/libstdc++.so.6`,
]

export const ffiAddon = 'ffi-rs.linux-arm-gnueabihf.node'
