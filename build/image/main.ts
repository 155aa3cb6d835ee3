import { buildImage } from './build-image.ts'
import { missingPackages } from './needs.ts'
import { type ImageOptions, readOptions, usage } from './options.ts'
import { describeFile } from './release.ts'
import { missingSpace } from './space.ts'

/** `npm run image`: a disk image that boots into the kiosk. docs/kiosk.md says what to do with it. */

if (process.argv.includes('--help')) {
  console.log(usage)
  process.exit(0)
}
const options = asked()
const missing = missingPackages(options.arch, { app: options.app === null })
if (missing.length > 0) end(1, `Packages are missing: apt-get install ${missing.join(' ')}`)
if (process.getuid?.() !== 0) end(1, 'Run it as root: the files in the image belong to root.')
// Programs of the administrator's, wherever npm was started.
process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`
// A locale that comes along over SSH and is not installed here is complained of by each of them.
process.env.LC_ALL = 'C.UTF-8'
try {
  const full = await missingSpace(options)
  if (full !== null) end(1, full)
  for (const file of await buildImage(options)) console.log(await describeFile(file))
} catch (error) {
  end(1, error instanceof Error ? error.message : String(error))
}

function asked(): ImageOptions {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    end(2, `${error instanceof Error ? error.message : error}\n${usage}`)
  }
}

function end(code: number, sentence: string): never {
  console.error(sentence)
  process.exit(code)
}
