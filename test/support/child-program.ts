import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** A helper program of a test, ended with it: asked first, then killed. */
export interface ChildProgram extends AsyncDisposable {
  readonly pid: number
  /** Everything it has written to stdout and stderr. */
  output(): string
  /** Resolves with the first match in what was or will be written; rejects when the program ends or time is up. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** As `waitFor`, with whatever `find` makes of all the output so far, once that is not undefined. */
  until<T>(find: (output: string) => T | undefined, timeoutMs?: number): Promise<T>
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Who it runs as; for root alone to say. */
  readonly uid?: number
  readonly gid?: number
  /** Written to its standard input, which is then closed. */
  readonly input?: string
}

const graceMs = 3_000

/** Starts a program whose file descriptor 3 is read too, for those that report there (`Xvfb -displayfd 3`). */
export function startChild(program: string, args: readonly string[], options: ChildOptions = {}): ChildProgram {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    ...(options.env && { env: options.env }),
    ...(options.cwd && { cwd: options.cwd }),
    ...(options.uid !== undefined && { uid: options.uid }),
    ...(options.gid !== undefined && { gid: options.gid }),
  })
  let output = ''
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr, child.stdio[3] as Readable]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const listener of listeners) listener()
    })
    stream.on('error', () => {}) // the program may close a descriptor as it likes
  }
  child.stdin.on('error', () => {}) // it may end without reading; its exit says so
  child.stdin.end(options.input ?? '')
  let closed = false // exited, and all it wrote has been read
  const exited = exitOf(child).finally(() => {
    closed = true
    for (const listener of listeners) listener()
  })
  exited.catch(() => {}) // reported by waitFor and dispose

  return {
    pid: child.pid ?? -1,
    output: () => output,
    waitFor: (pattern, timeoutMs) => until((text) => pattern.exec(text) ?? undefined, timeoutMs, `${pattern}`),
    until: (find, timeoutMs) => until(find, timeoutMs, 'what was waited for'),
    exited,
    async [Symbol.asyncDispose]() {
      if (closed || child.pid === undefined) return
      child.kill('SIGTERM')
      const killing = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(killing)
    },
  }

  function until<T>(find: (output: string) => T | undefined, timeoutMs = 30_000, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        listeners.delete(look)
        settle()
      }
      const fail = (why: string): void => end(() => reject(new Error(`${program} ${why}: ${output}`)))
      const look = (): void => {
        const found = find(output)
        if (found !== undefined) end(() => resolve(found))
        else if (closed) fail(`ended with ${child.exitCode ?? child.signalCode} before ${what}`)
      }
      const timer = setTimeout(() => fail(`did not say ${what} in time`), timeoutMs)
      listeners.add(look)
      exited.catch((error: Error) => end(() => reject(error)))
      look()
    })
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}
