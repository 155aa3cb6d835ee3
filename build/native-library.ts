import { execFile } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** What libcarillon is built for, by electron-builder's names, with Debian's compilers. */
const compilers = {
  x64: { program: 'x86_64-linux-gnu-gcc', packages: 'gcc libc6-dev' },
  arm64: { program: 'aarch64-linux-gnu-gcc', packages: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross' },
  armv7l: { program: 'arm-linux-gnueabihf-gcc', packages: 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross' },
} as const
export type NativeArch = keyof typeof compilers
export const nativeArchs = Object.keys(compilers) as readonly NativeArch[]

const root = join(import.meta.dirname, '..')
const compileTimeoutMs = 120_000
/** On 32-bit ARM a folder cannot always be listed without 64-bit offsets. */
const language = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-D_FILE_OFFSET_BITS=64']
const flags = [
  ...language,
  ...['-O2', '-fPIC', '-fvisibility=hidden', '-fstack-protector-strong', '-D_FORTIFY_SOURCE=2'],
  ...['-shared', '-Wl,-soname,libcarillon.so', '-Wl,-z,relro,-z,now', '-Wl,--no-undefined', '-Wl,-s'],
]
/** Stops at the first mistake. The program that loads it must have libasan loaded before everything else. */
const sanitized = [
  ...language,
  ...['-O1', '-g', '-fno-omit-frame-pointer'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fPIC', '-fvisibility=hidden', '-shared'],
]

/** This machine's, undefined where there is no libcarillon for it. */
export function hostArch(): NativeArch | undefined {
  if (process.platform !== 'linux') return undefined
  return ({ x64: 'x64', arm64: 'arm64', arm: 'armv7l' } as const)[process.arch as string]
}

/** Where the library for this processor is built: dist/native/linux-x64/libcarillon.so. */
export function nativeLibraryPath(arch: NativeArch): string {
  return join(root, 'dist/native', `linux-${arch}`, 'libcarillon.so')
}

/** The compiler for it, or what to install. */
export function findCompiler(arch: NativeArch): { readonly program: string } | { readonly advice: string } {
  const { programs, packages } = compilersFor(arch)
  const found = programs.map(onPath).find((path) => path !== undefined)
  return found === undefined ? { advice: `apt-get install ${packages.join(' ')}` } : { program: found }
}

/** Programs of which one is enough to build for it, and the Debian packages to install where there is none. */
export function compilersFor(arch: NativeArch) {
  const { program, packages } = compilers[arch]
  return { programs: arch === hostArch() ? ['gcc', 'cc', program] : [program], packages: packages.split(' ') }
}

/** Builds it; the result appears whole. The same compiler makes the same bytes. Throws with what to install. */
export async function buildNativeLibrary(arch: NativeArch, output = nativeLibraryPath(arch), sanitize = false) {
  const sources = globSync('native/src/*.c', { cwd: root }).sort()
  await compile(arch, sources, output, sanitize ? sanitized : flags)
}

/** Builds a shared library of C files: below the repository, or absolute. */
export async function compile(arch: NativeArch, sources: readonly string[], output: string, options = flags) {
  const compiler = findCompiler(arch)
  if ('advice' in compiler) throw new Error(`There is no C compiler for ${arch} here: ${compiler.advice}`)
  await mkdir(dirname(output), { recursive: true })
  const fresh = `${output}.${process.pid}`
  try {
    await promisify(execFile)(compiler.program, [...options, '-o', fresh, ...sources, '-ldl'], {
      cwd: root,
      timeout: compileTimeoutMs,
      env: { ...process.env, LC_ALL: 'C' },
    })
    await rename(fresh, output)
  } finally {
    await rm(fresh, { force: true })
  }
}

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path))
}
