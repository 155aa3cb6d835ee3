import { z } from 'zod'

/** An exception as it is stored: what it is called, its arguments, and the Python module that has its class. */
export interface RemoteError {
  readonly type: string
  readonly module: string | null
  readonly args: readonly unknown[]
  /** Holds paths: never for clients. */
  readonly traceback: string | null
}

/** As Python reads it. */
export interface StoredException {
  readonly exc_type: string
  readonly exc_message: readonly unknown[]
  readonly exc_module: string
}

/** An error of a task here, as Python will raise it. */
export function encodeError({ type, args }: Pick<RemoteError, 'type' | 'args'>): StoredException {
  const python = builtins.has(type) ? type : standsFor[type]
  if (python !== undefined) return { exc_type: python, exc_message: args, exc_module: 'builtins' }
  // No module of Python is called so, and no class of it can be meant.
  return { exc_type: className(type), exc_message: args, exc_module: 'carillon' }
}

export const stored = {
  /** In these modules Python has the classes. */
  revoked: (why: 'revoked' | 'expired' | 'terminated') => celery('TaskRevokedError', why),
  notRegistered: (name: string) => celery('NotRegistered', name),
  chordError: (sentence: string) => celery('ChordError', sentence),
  undecodable: (sentence: string): StoredException => ({
    exc_type: 'DecodeError',
    exc_message: [sentence],
    exc_module: 'kombu.exceptions',
  }),
  timeLimit: (seconds: number): StoredException => ({
    exc_type: 'TimeLimitExceeded',
    exc_message: [seconds],
    exc_module: 'billiard.exceptions',
  }),
}

const storedSchema = z.looseObject({
  exc_type: z.string(),
  exc_message: z.unknown().optional(),
  exc_module: z.string().nullish(),
})

/** What somebody else's worker stored as the result of a failure. Never makes a class of it; null where it is none. */
export function decodeError(result: unknown, traceback: string | null = null): RemoteError | null {
  const parsed = storedSchema.safeParse(result)
  if (!parsed.success) return null
  const { exc_type: type, exc_module: module, exc_message: message } = parsed.data
  const args = message === undefined || message === null ? [] : Array.isArray(message) ? message : [message]
  return { type: type.slice(0, 200), module: module ?? null, args, traceback }
}

/** What it says, in a line for people. */
export function messageOf({ type, args }: Pick<RemoteError, 'type' | 'args'>): string {
  const text = args.map((argument) => (typeof argument === 'string' ? argument : JSON.stringify(argument))).join(', ')
  return (text === '' ? type : text).slice(0, 2_000)
}

function celery(type: string, argument: string): StoredException {
  return { exc_type: type, exc_message: [argument], exc_module: 'celery.exceptions' }
}

/** Only a name can be a class: Python looks it up by dots. */
function className(type: string): string {
  return /^[A-Za-z_]\w{0,99}$/.test(type) ? type : 'Error'
}

/** Those that can be made of whatever arguments there are. */
const builtins = new Set([
  ...['ArithmeticError', 'AssertionError', 'AttributeError', 'BufferError', 'ConnectionError', 'EOFError', 'Exception'],
  ...['FileExistsError', 'FileNotFoundError', 'ImportError', 'IndexError', 'InterruptedError', 'IsADirectoryError'],
  ...['KeyError', 'LookupError', 'MemoryError', 'NameError', 'NotADirectoryError', 'NotImplementedError', 'OSError'],
  ...['OverflowError', 'PermissionError', 'RecursionError', 'ReferenceError', 'RuntimeError', 'SyntaxError'],
  ...['SystemError', 'TimeoutError', 'TypeError', 'ValueError', 'ZeroDivisionError'],
])

/** What JavaScript has, and Python calls otherwise. */
const standsFor: Readonly<Record<string, string>> = { Error: 'Exception', RangeError: 'ValueError' }
