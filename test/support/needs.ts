import { existsSync, writeSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'vitest'
import { resolveElectron } from '../../build/electron-path.ts'
import { armhfFolder, armhfPackages, armhfPrograms } from './armhf.ts'
import { resolveChromium } from './chromium.ts'
import { postgresProgram } from './postgres-programs.ts'

interface Part {
  isPresent(): boolean
  /** What a person types to have it. */
  readonly install: string
}

/** The real parts that suites run on and that a machine may lack. */
const parts = {
  electron: { isPresent: () => resolveElectron() !== undefined, install: 'node test/support/fetch-electron.ts' },
  xvfb: programs(['Xvfb', 'import', 'xprop', 'gdbus'], 'xvfb imagemagick x11-utils libglib2.0-bin'),
  keyring: programs(['dbus-daemon', 'gnome-keyring-daemon', 'secret-tool'], 'dbus gnome-keyring libsecret-tools'),
  notifications: programs(['dunst', 'dbus-monitor'], 'dunst dbus-bin'),
  matchbox: programs(['matchbox-window-manager'], 'matchbox-window-manager'),
  xdotool: programs(['xdotool'], 'xdotool'),
  chromium: { isPresent: () => resolveChromium() !== undefined, install: 'apt-get install chromium' },
  redis: programs(['redis-server'], 'redis-server'),
  rabbitmq: programs(['rabbitmq-server'], 'rabbitmq-server'),
  celery: {
    // Debian's, whatever other Python comes first in the path.
    isPresent: () => ['celery', 'redis'].every((name) => existsSync(`/usr/lib/python3/dist-packages/${name}`)),
    install: 'apt-get install celery python3-redis',
  },
  curl: programs(['curl'], 'curl'),
  compiler: programs(['gcc'], 'gcc libc6-dev'),
  armhf: {
    isPresent: () => [...armhfPrograms, armhfFolder()].every((path) => existsSync(path)),
    install: `apt-get install ${armhfPackages} && node test/support/fetch-armhf.ts`,
  },
  postgresql: { isPresent: () => postgresProgram('initdb') !== null, install: 'apt-get install postgresql' },
} as const satisfies Record<string, Part>

export type Need = keyof typeof parts

/**
 * A suite on real parts. Where one is missing it is skipped, with one line that says what to install; in CI, where
 * everything must be there, it fails.
 */
export function describeWith(needs: readonly Need[], title: string, define: () => void): void {
  const missing = needs.filter((need) => !parts[need].isPresent())
  if (missing.length === 0) {
    describe(title, define)
    return
  }
  const advice = `needs ${missing.join(', ')}: ${missing.map((need) => parts[need].install).join(' && ')}`
  if (process.env.CI === 'true') {
    describe(title, () => {
      test('has the real parts that it runs on', () => {
        throw new Error(advice)
      })
    })
    return
  }
  // Straight to the descriptor, since vitest adds lines of its own to what is logged.
  writeSync(2, `Skipped "${title}": ${advice}\n`)
  describe.skip(title, define)
}

function programs(names: readonly string[], packages: string): Part {
  return { isPresent: () => names.every(onPath), install: `apt-get install ${packages}` }
}

function onPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return folders.some((folder) => existsSync(join(folder, program)))
}
