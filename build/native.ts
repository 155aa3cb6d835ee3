import { parseArgs } from 'node:util'
import { buildNativeLibrary, hostArch, type NativeArch, nativeArchs, nativeLibraryPath } from './native-library.ts'

/** Builds libcarillon into dist/native/: for this machine, or for those that are named. */
const { values: options } = parseArgs({ options: { arch: { type: 'string', multiple: true } } })
const named = options.arch?.flatMap((arch) => (arch === 'all' ? [...nativeArchs] : arch.split(',')))
const wanted: readonly (string | undefined)[] = named ?? [hostArch()]
if (!wanted.every(isArch)) {
  console.error(`Usage: npm run native -- [--arch ${nativeArchs.join('|')}|all]`)
  process.exitCode = 2
} else {
  for (const arch of wanted) {
    try {
      await buildNativeLibrary(arch)
      console.log(`Built ${nativeLibraryPath(arch)}`)
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 1
    }
  }
}

function isArch(name: string | undefined): name is NativeArch {
  return nativeArchs.some((arch) => arch === name)
}
