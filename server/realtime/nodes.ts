import { z } from 'zod'
import { type NodeInfo, nodeInfo } from '#protocol/server-api.ts'
import { type Answered, answered, refused } from './answered.ts'
import { fitsGlob } from './glob.ts'
import { answerQuestion, askNodes } from './node-questions.ts'
import type { Services } from './services.ts'

/** What is going on, on all nodes together. */
export interface Nodes {
  /** Each node by itself. */
  info(): Promise<Answered<readonly NodeInfo[]>>
  /** Channels with subscribers whose name fits the pattern, and how many each has; an empty pattern fits all. */
  channels(pattern: string): Promise<Answered<ReadonlyMap<string, number>>>
}

interface NodeNames {
  /** Of Carillon. */
  readonly version: string
  readonly name: string
}

/** Channels that one node tells. More than that is not an answer that anybody reads. */
export const maxChannelsTold = 10_000

const questions = {
  info: { kind: 'info', payload: z.null(), answer: nodeInfo },
  channels: {
    kind: 'channels',
    payload: z.object({ pattern: z.string() }),
    answer: z.object({ channels: z.record(z.string(), z.int()), complete: z.boolean() }),
  },
} as const

export function createNodes(services: Services, { version, name }: NodeNames): Nodes & Disposable {
  const { bus, hub, registry, clock } = services
  const startedAt = clock()
  const cpuPercent = measureCpu()
  const stops = [answerQuestion(bus, questions.info, tellInfo), answerQuestion(bus, questions.channels, tellChannels)]

  return {
    async info() {
      const asked = await askNodes(bus, questions.info, null)
      return asked.ok ? answered([...asked.value.values()]) : asked
    },
    async channels(pattern) {
      const asked = await askNodes(bus, questions.channels, { pattern })
      if (!asked.ok) return asked
      const all = new Map<string, number>()
      for (const { channels, complete } of asked.value.values()) {
        if (!complete)
          return refused('limitExceeded', `More than ${maxChannelsTold} channels. Give a narrower pattern.`)
        for (const [channel, clients] of Object.entries(channels)) all.set(channel, (all.get(channel) ?? 0) + clients)
      }
      return answered(all)
    },
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }

  function tellInfo(): NodeInfo {
    const { channels, subscriptions } = hub.size()
    const { clients, users } = registry.count()
    return {
      uid: bus.node,
      name,
      version,
      num_clients: clients,
      num_users: users,
      num_subs: subscriptions,
      num_channels: channels,
      uptime: Math.floor((clock() - startedAt) / 1000),
      process: { cpu: cpuPercent(), rss: process.memoryUsage.rss() },
    }
  }

  function tellChannels({ pattern }: { readonly pattern: string }) {
    const fitting = hub.channels().filter(({ channel }) => pattern === '' || fitsGlob(pattern, channel))
    const told = fitting.slice(0, maxChannelsTold).map(({ channel, clients }) => [channel, clients] as const)
    return { channels: Object.fromEntries(told), complete: fitting.length <= maxChannelsTold }
  }
}

function measureCpu(): () => number {
  let usage = process.cpuUsage()
  let since = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(usage)
    const elapsedMs = Math.max(1, performance.now() - since)
    usage = process.cpuUsage()
    since = performance.now()
    return Math.round((user + system) / elapsedMs) / 10
  }
}
