import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { build } from 'vite'
import { buildNativeLibrary, compile, hostArch, type NativeArch } from '../../../build/native-library.ts'
import { armhfFolder, ffiAddon, sysroot } from '../armhf.ts'
import type { Answer, Question } from './probe.ts'

const root = join(import.meta.dirname, '../../..')
const answerTimeoutMs = 60_000

/** What the suite runs on: the library as it is built there, and a Node.js that loads it. */
export interface NativeTarget {
  readonly name: 'host' | 'armhf'
  /** Builds library, stand-in and probe into an empty folder. */
  prepare(folder: string): Promise<PreparedTarget>
  /** Builds the library into a file. */
  build(output: string): Promise<void>
  /** Builds another library, of this C, into a file. */
  compile(source: string, output: string): Promise<void>
}

export interface PreparedTarget {
  readonly library: string
  start(env?: Readonly<Record<string, string>>): Probe
}

/** A running probe. What it throws has the name and code of what was thrown there. */
export interface Probe extends AsyncDisposable {
  on(machine: { readonly root?: string; readonly display?: string }): Asking
  /** Its exit code, or null after a signal, with all that it wrote besides answers. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>
  /** Lets it end by itself. */
  finish(): void
}
export type Asking = (call: Question['call'], ...args: readonly unknown[]) => Promise<unknown>

/** This machine's own processor, with the address and undefined behaviour sanitizers watching. */
export const hostTarget: NativeTarget = {
  name: 'host',
  build: (output) => buildNativeLibrary(host, output, true),
  compile: (source, output) => compileText(host, source, output),
  async prepare(folder) {
    const library = join(folder, 'libcarillon.so')
    const devices = join(folder, 'devices.so')
    await Promise.all([
      this.build(library),
      compile(host, ['test/support/native/devices.c'], devices, standInFlags),
      bundleProbe(folder),
    ])
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const asan = (await promisify(execFile)('gcc', ['-print-file-name=libasan.so'])).stdout.trim()
    return {
      library,
      start: (env = {}) =>
        startProbe(process.execPath, [join(folder, 'probe.mjs'), library], {
          ...env,
          LD_PRELOAD: `${asan} ${devices}`,
          ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:exitcode=99',
          // Node.js itself leaves memory behind when it ends; what is ours is looked for in the report.
          LSAN_OPTIONS: 'exitcode=0:report_objects=0',
          UBSAN_OPTIONS: 'print_stacktrace=1',
        }),
    }
  },
}

/** The processor of a Raspberry Pi 3 in 32 bits, emulated: the library as it is shipped. */
export const armhfTarget: NativeTarget = {
  name: 'armhf',
  build: (output) => buildNativeLibrary('armv7l', output),
  compile: (source, output) => compileText('armv7l', source, output),
  async prepare(folder) {
    const library = join(folder, 'libcarillon.so')
    const devices = join(folder, 'devices.so')
    await Promise.all([
      this.build(library),
      compile('armv7l', ['test/support/native/devices.c'], devices, standInFlags),
      bundleProbe(folder),
    ])
    const ffi = join(folder, 'node_modules/ffi-rs')
    mkdirSync(ffi, { recursive: true })
    cpSync(join(root, 'node_modules/ffi-rs/index.js'), join(ffi, 'index.js'))
    cpSync(join(armhfFolder(), ffiAddon), join(ffi, ffiAddon))
    return {
      library,
      start(env = {}) {
        const variables = Object.entries({ ...env, LD_PRELOAD: devices }).flatMap(([name, value]) => [
          '-E',
          `${name}=${value}`,
        ])
        const node = join(armhfFolder(), 'node')
        return startProbe(
          'qemu-arm-static',
          ['-L', sysroot, ...variables, node, join(folder, 'probe.mjs'), library],
          {},
        )
      },
    }
  },
}

/** Where there is no libcarillon for this machine, building it says so. */
const host = hostArch() ?? 'x64'
const standInFlags = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-O1', '-fPIC', '-shared']

async function compileText(arch: NativeArch, source: string, output: string): Promise<void> {
  writeFileSync(`${output}.c`, source)
  await compile(arch, [`${output}.c`], output, standInFlags)
}

/** One file that any Node.js from 20 on runs. */
async function bundleProbe(folder: string): Promise<void> {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      ssr: 'test/support/native/probe.ts',
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        external: ['ffi-rs'],
        output: { entryFileNames: 'probe.mjs', codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  })
}

function startProbe(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Probe {
  const child = spawn(program, args, { stdio: 'pipe', env: { PATH: process.env.PATH ?? '', ...env } })
  const waiting = new Map<number, (answer: Answer) => void>()
  let errors = ''
  let lastId = 0
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdin.on('error', () => {}) // it may have ended; `ended` says how
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, errors }))

  async function ask(question: Omit<Question, 'id'>): Promise<unknown> {
    const id = ++lastId
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve))
    child.stdin.write(`${JSON.stringify({ id, ...question })}\n`)
    const dead = ended.then((end) => Promise.reject(new Error(`the probe ended with ${end.code}: ${end.errors}`)))
    const late = rejectLate(child)
    try {
      const { value, error } = await Promise.race([answered, dead, late.rejected])
      if (error !== undefined) throw Object.assign(new Error(error.message), { name: error.name, code: error.code })
      return value
    } finally {
      late.clear()
      dead.catch(() => {})
    }
  }

  return {
    on:
      ({ root: tree = '', display = '' }) =>
      (call, ...args) =>
        ask({ root: tree, display, call, args }),
    ended,
    finish: () => child.stdin.end(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function rejectLate(child: ChildProcessWithoutNullStreams) {
  const { promise: rejected, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    reject(new Error(`the probe did not answer within ${answerTimeoutMs} ms`))
  }, answerTimeoutMs)
  return { rejected, clear: () => clearTimeout(timer) }
}
