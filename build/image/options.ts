import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Architecture, architectures } from './packages.ts'

export interface ImageOptions {
  readonly arch: Architecture
  /** electron-builder's unpacked folder; null to make it. */
  readonly app: string | null
  /** Whether a runtime here goes into the app that is made, as for tests. */
  readonly electronHere: boolean
  readonly output: string
  readonly mirror: string
  readonly securityMirror: string | null
  readonly more: readonly string[]
  readonly gl: boolean
  readonly cache: string
  readonly fresh: boolean
  readonly compress: boolean
}

export const usage = `npm run image -- --arch armhf|arm64|amd64 [options]
  --app DIR               the app, unpacked by electron-builder; without it, it is packaged first
  --electron here         packages with the Electron that tests use; never for a screen of somebody's
  -o, --output FILE       the image (release/carillon-kiosk-ARCH.img)
  --mirror URL            Debian's archive (http://deb.debian.org/debian), also one of snapshot.debian.org
  --security-mirror URL   its security updates (http://deb.debian.org/debian-security)
                          "none" for a trial while that archive is out of step: an image without updates
  --packages A,B          more of Debian's packages, such as a PC's firmware
  --gl                    with OpenGL's drivers, and without the switches that turn it off
  --cache DIR             for packages and unpacked trees (~/.cache/carillon/image)
  --fresh                 unpacks Debian anew although that was done today
  --no-compress           leaves out the .img.xz`

const root = join(import.meta.dirname, '../..')

/** What was asked for. Throws a sentence that says what is wrong. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv = process.env): ImageOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      arch: { type: 'string' },
      app: { type: 'string' },
      electron: { type: 'string' },
      output: { type: 'string', short: 'o' },
      mirror: { type: 'string', default: 'http://deb.debian.org/debian' },
      'security-mirror': { type: 'string', default: 'http://deb.debian.org/debian-security' },
      packages: { type: 'string', default: '' },
      gl: { type: 'boolean', default: false },
      cache: { type: 'string', default: join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'carillon/image') },
      fresh: { type: 'boolean', default: false },
      compress: { type: 'boolean', default: true },
    },
  })
  const arch = architectures.find((one) => one === values.arch)
  if (arch === undefined) throw new Error(`--arch is one of ${architectures.join(', ')}.`)
  if (![undefined, 'here'].includes(values.electron)) throw new Error('--electron is "here" or left out.')
  const output = resolve(values.output ?? join(root, `release/carillon-kiosk-${arch}.img`))
  if (!output.endsWith('.img')) throw new Error('The name of the image ends in .img.')
  const more = values.packages.split(',').filter((name) => name !== '')
  const wrong = more.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name))
  if (wrong !== undefined) throw new Error(`"${wrong}" is no name of a package.`)
  const security = values['security-mirror'] === 'none' ? null : values['security-mirror']
  for (const mirror of [values.mirror, security]) {
    if (mirror !== null && !/^(https?:\/\/|file:\/)[^\s]+$/.test(mirror))
      throw new Error(`"${mirror}" is no address of an archive.`)
  }
  return {
    arch,
    app: values.app === undefined ? null : resolve(values.app),
    electronHere: values.electron === 'here',
    output,
    mirror: values.mirror,
    securityMirror: security,
    more,
    gl: values.gl,
    cache: resolve(values.cache),
    fresh: values.fresh,
    compress: values.compress,
  }
}
