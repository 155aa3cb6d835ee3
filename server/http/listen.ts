import { chmod, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect, isIP, type ListenOptions } from 'node:net'
import { dirname, join } from 'node:path'
import { isWildcard } from '#server/config/network.ts'
import { lockFolder } from '#server/store/folder-lock.ts'
import { unboundServer } from './unbound-server.ts'

/** Why the server cannot listen. `message` is a sentence that says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code:
    | 'plain_http'
    | 'port_in_use'
    | 'port_forbidden'
    | 'address_unavailable'
    | 'already_running'
    | 'data_path_too_long'
    | 'data_folder_unwritable'
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Before the records are opened, so that a port in use costs nothing.
 *
 * @throws ListenError
 */
export async function listenTcp(server: Server, host: string, port: number): Promise<void> {
  try {
    await listen(server, { host, port })
  } catch (error) {
    throw tcpError(host, port, error)
  }
}

/**
 * Binds the socket in the data folder. Until it is closed, no other server opens the folder.
 *
 * @throws ListenError `already_running`, `data_path_too_long`, `data_folder_unwritable`
 */
export async function bindLocal(path: string): Promise<Server> {
  using parts = new DisposableStack()
  parts.use(await holdFolder(path))
  const server = unboundServer()
  await listenLocal(server, path)
  const held = parts.move()
  server.once('close', () => held.dispose())
  return server
}

/** Holds the folder of a local socket that is about to be bound. */
export async function holdFolder(path: string): Promise<Disposable> {
  if (Buffer.byteLength(path) > maxSocketPath) {
    const sentence = `The path ${path} is longer than the ${maxSocketPath} bytes a local socket may have. Choose a shorter --data folder.`
    throw new ListenError('data_path_too_long', sentence)
  }
  let lock: Disposable | null
  try {
    lock = lockFolder(dirname(path))
  } catch (cause) {
    throw unwritable(path, cause)
  }
  // A server that answers without the lock is one whose lock file somebody has removed.
  if (lock === null || (await answers(path))) {
    lock?.[Symbol.dispose]()
    const sentence = `A Carillon server already runs on ${path}. Stop it first, or choose another --data folder.`
    throw new ListenError('already_running', sentence)
  }
  await unlink(path).catch(() => {
    // Usually there is none; a socket file that stays makes listen fail below and say so.
  })
  return lock
}

/** Mode 0600 from its first moment: whoever may read the folder is trusted. */
export async function listenLocal(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177)
  // Binds before it returns.
  const listening = listen(server, { path })
  process.umask(mask)
  try {
    await listening
    // For workers the primary binds it, with a mask of its own.
    await chmod(path, 0o600)
  } catch (cause) {
    server.close()
    throw unwritable(path, cause)
  }
}

/** The name under which the same machine reaches what listens on this address. */
export function hostInUrl(host: string): string {
  if (isWildcard(host)) return 'localhost'
  return isIP(host) === 6 ? `[${host}]` : host
}

/** The local socket in a data folder. */
export function localSocketPath(data: string): string {
  return join(data, 'carillon.sock')
}

/** Whether a server answers on this local socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2000, () => finish(true))
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })
}

/** Linux allows 107 bytes, macOS 103. */
const maxSocketPath = 103

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

function unwritable(path: string, cause: unknown): ListenError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const sentence = `The data folder of ${path} cannot be written (${reason}). Make it writable for this user, or choose another with --data.`
  return new ListenError('data_folder_unwritable', sentence, { cause })
}

function tcpError(host: string, port: number, cause: unknown): unknown {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE': {
      const sentence = `Port ${port} on ${host} is in use. Stop what uses it, or choose another with --port.`
      return new ListenError('port_in_use', sentence, { cause })
    }
    case 'EACCES': {
      const sentence = `Port ${port} is reserved for the system. Choose one above 1023 with --port.`
      return new ListenError('port_forbidden', sentence, { cause })
    }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND': {
      const sentence = `This machine has no address ${host}. Choose one it has with --host, such as 127.0.0.1.`
      return new ListenError('address_unavailable', sentence, { cause })
    }
    default:
      return cause
  }
}
