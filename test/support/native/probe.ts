import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { bindNative } from '#native/bind.ts'
import { type OpenedLibrary, openLibrary } from '#native/library.ts'
import { type Native, NativeError, type Watchdog } from '#native/native.ts'
import { bindWriteEach } from '#native/write-each.ts'

/**
 * The program that a test of the native library talks to: it may run on another processor, and under a checker. A
 * question is a line of JSON, and so is its answer.
 */
export interface Question {
  readonly id: number
  /** Where the machine's tree is. */
  readonly root: string
  readonly display: string
  readonly call:
    | Exclude<keyof Native, 'library'>
    | 'library'
    | 'pet'
    | 'close'
    | 'overrun'
    | 'descriptors'
    | 'open'
    | 'writeEach'
  readonly args: readonly unknown[]
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string }
}

const path = process.argv[2] ?? ''
const library = await openLibrary(path)
const machines = new Map<string, Native>()
const watchdogs = new Map<string, Watchdog>()

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as Question
  process.stdout.write(`${JSON.stringify({ id: question.id, ...(await answer(question)) })}\n`)
}

async function answer(question: Question): Promise<Omit<Answer, 'id'>> {
  try {
    const value = await ask(question)
    return value === undefined ? {} : { value }
  } catch (error) {
    const { name, message } = error as Error
    return { error: { name, message, ...(error instanceof NativeError && { code: error.code }) } }
  }
}

async function ask({ root, display, call, args }: Question): Promise<unknown> {
  const key = `${root}\0${display}`
  const native = machines.get(key) ?? bindNative(library, { root, display })
  machines.set(key, native)
  switch (call) {
    case 'library':
      return native.library
    case 'open':
      return (await openLibrary(args[0] as string)).state
    case 'openWatchdog': {
      const watchdog = native.openWatchdog(args[0] as number)
      watchdogs.set(key, watchdog)
      return watchdog.timeoutSeconds
    }
    case 'pet':
      return watchdogs.get(key)?.pet()
    case 'close':
      return watchdogs.get(key)?.close()
    case 'overrun':
      return overrun(library, root)
    case 'writeEach':
      return writeToEach(library, args[0] as number)
    case 'descriptors':
      return readdirSync('/proc/self/fd').length
    default:
      return (native[call] as (...given: readonly unknown[]) => unknown)(...args)
  }
}

/** Lets C write past the end of what it was given, to see that somebody is watching. */
function overrun(opened: OpenedLibrary, root: string): void {
  if ('call' in opened) opened.call('carillon_board', root, Buffer.from(new ArrayBuffer(16)))
}

/**
 * Writes so many bytes to three sockets, the second of which is one that nobody has. Answers how many each took, and how
 * many came from the first and the last, which is left unread until then.
 */
async function writeToEach(opened: OpenedLibrary, size: number): Promise<unknown> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = async () => {
    const reader = connect(port, '127.0.0.1')
    const [socket] = (await once(server, 'connection')) as [Socket & { readonly _handle: { readonly fd: number } }]
    return { reader, socket }
  }
  const pairs = [await open(), await open()] as const
  const numbers = Int32Array.of(pairs[0].socket._handle.fd, 1_000_000, pairs[1].socket._handle.fd, -7)
  const written = new Int32Array(4).fill(-7)
  bindWriteEach(opened)?.(numbers, 3, Buffer.alloc(size, 'c'), written)
  const came = pairs.map(async ({ reader, socket }) => {
    socket.end()
    let bytes = 0
    for await (const chunk of reader) bytes += (chunk as Buffer).length
    return bytes
  })
  const arrived = await Promise.all(came)
  server.close()
  return { written: [...written], arrived }
}
