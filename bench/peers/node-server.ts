import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Usage } from '../peer.ts'

/** A server on Node in a process of its own, and the conversation with it. */
export interface NodeServer extends AsyncDisposable {
  readonly port: number
  publish(count: number): void
  ask<T>(question: Question): Promise<T>
  usage(): Promise<Usage>
}

export type Question =
  | { readonly usage: true }
  | { readonly credentials: number; readonly kind: 'ticket' | 'token' }
  | { readonly health: true }
  | { readonly apiKey: true }
  | { readonly publishFor: { readonly underWay: number; readonly seconds: number } }

/** How a server on Node is, since it was asked last. */
export interface Health {
  readonly residentBytes: number
  readonly heapBytes: number
  readonly loopDelayP99Ms: number
  /** Since it was asked first. */
  readonly unhandledRejections: number
}

/** Questions are numbered, so that answers may come in any order. */
export interface Asked {
  readonly number: number
  readonly question: Question
}

const startMs = 30_000

export async function startNodeServer(
  module: string,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Promise<NodeServer> {
  const child = fork(new URL(module, import.meta.url), args, {
    // What a log costs is part of what is measured; where it goes is not.
    stdio: ['ignore', 'ignore', process.env.BENCH_LOG ? 'inherit' : 'ignore', 'ipc'],
    execArgv: [...nodeOptions, ...(process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter((option) => option !== '')],
  })
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>()
  let asked = 0
  child.on('message', (message: { number?: number; answer?: never; error?: string }) => {
    if (message.number === undefined) return
    const asker = waiting.get(message.number)
    waiting.delete(message.number)
    if (message.error === undefined) asker?.resolve(message.answer as never)
    else asker?.reject(new Error(message.error))
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${module} ended with ${code}`))
  })
  const ask = <T>(question: Question) =>
    new Promise<T>((resolve, reject) => {
      asked += 1
      waiting.set(asked, { resolve, reject })
      child.send({ number: asked, question })
    })
  const { port } = await ready(child, module)
  return {
    port,
    publish: (count) => void child.send({ publish: count }),
    ask,
    usage: () => ask({ usage: true }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

async function ready(child: ChildProcess, module: string): Promise<{ port: number }> {
  const signal = AbortSignal.timeout(startMs)
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${module} ended before it listened`)
  })
  const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [{ port: number }]
  return message
}
