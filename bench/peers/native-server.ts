import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Link, openLink } from '../load/link.ts'
import type { Usage } from '../peer.ts'
import { usageOf } from './process-usage.ts'

/** A server that is a program of its own. */
export interface NativeServer extends AsyncDisposable {
  usage(): Promise<Usage>
}

/** Starts it and waits until it takes connections on `port`. */
export async function startNativeServer(program: string, args: readonly string[], port: number): Promise<NativeServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-500)
  })
  child.on('error', (error) => {
    said = error.message
  })
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries === 100 || child.exitCode !== null) throw new Error(`${program} does not listen: ${said}`)
    await pause(50)
  }
  return {
    usage: async () => usageOf(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The program's path, or null when it is not installed. System folders that not everybody has in the path count too. */
export function programPath(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

/** Usage of a program that is not ours is only known on Linux. */
export function missingProgram(name: string): string | null {
  if (process.platform !== 'linux') return 'measured on Linux only'
  return programPath(name) === null ? `${name} is not installed` : null
}

/** Free a moment ago, which is good enough for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A connection of its own for what publishes. */
export async function publisherLink(port: number): Promise<Link> {
  const link = await openLink(port)
  link.onClosed = () => {
    throw new Error('the server closed its publisher')
  }
  return link
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there or not to be run: the next folder may have it.
    return false
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    const link = await openLink(port)
    link.destroy()
    return true
  } catch {
    // Not yet.
    return false
  }
}
