import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { missingPackages } from '../../build/image/needs.ts'
import { architectures } from '../../build/image/packages.ts'
import { openBench } from './bench.ts'
import { testBoard } from './board.ts'
import { testPc } from './pc.ts'

/**
 * `npm run image:test`: builds an image, boots it in an emulated machine, breaks one thing after another and sees each
 * heal. For amd64 that is the app on a PC; for `--arch armhf` and `--arch arm64` a stand-in is in its place.
 * `--image FILE` takes an image that is built already.
 */
const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'amd64' },
    image: { type: 'string' },
    output: { type: 'string', short: 'o' },
    cuts: { type: 'boolean', default: true },
    faults: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const arch = architectures.find((one) => one === values.arch) ?? end(2, `--arch is one of ${architectures.join(', ')}.`)
const missing = missingPackages(arch, { app: arch === 'amd64' && values.image === undefined, test: true })
if (missing.length > 0) end(1, `Packages are missing: apt-get install ${missing.join(' ')}`)
if (process.getuid?.() !== 0 && values.image === undefined)
  end(1, 'Run it as root, or give it an image with --image: the files in one belong to root.')
process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`

await using parts = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'carillon-image-'))
parts.defer(() => rm(folder, { recursive: true, force: true }))
const shots = join(import.meta.dirname, '../screenshots', arch === 'amd64' ? 'kiosk-image' : `kiosk-image-${arch}`)
const bench = await openBench(resolve(values.output ?? shots))
const image = values.image === undefined ? null : resolve(values.image)
const { faults, cuts } = values
await (arch === 'amd64'
  ? testPc({ image, folder, bench, faults, cuts })
  : testBoard({ arch, image, folder, bench, faults, cuts }))
await bench.finish()

function end(code: number, sentence: string): never {
  console.error(sentence)
  process.exit(code)
}
