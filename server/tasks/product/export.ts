import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import { z } from 'zod'
import { channelName } from '#protocol/channel.ts'
import type { HistoryPage, Publication } from '#server/broker/broker.ts'
import type { TaskDefinition } from '../definition.ts'
import type { ProductContext } from '../threads/context.ts'

const wanted = z.object({
  channel: channelName.describe('The channel whose history is exported'),
  format: z.enum(['ndjson', 'csv']).default('ndjson').describe('A JSON object a line, or a table'),
})

const atOnce = 500

/** The history of a channel as a file. */
export const exportHistory: TaskDefinition<z.infer<typeof wanted>> = {
  name: 'carillon.export',
  description: 'Writes what is kept of a channel to a file: every publication with its time, its tags and its data.',
  arguments: wanted,
  place: 'server',
  async run({ channel, format }, context) {
    const { ask, signal, progress, file } = context as ProductContext
    let count = 0

    async function* publications() {
      let since: { offset: number; epoch: string } | undefined
      for (;;) {
        signal.throwIfAborted()
        const page = (await ask('history', { channel, limit: atOnce, ...(since && { since }) })) as HistoryPage
        for (const publication of page.publications) yield publication
        count += page.publications.length
        const last = page.publications.at(-1)
        if (last === undefined || last.offset >= page.offset) return
        progress(last.offset / page.offset, `${count} publications`)
        since = { offset: last.offset, epoch: page.epoch }
      }
    }

    if (format === 'csv') {
      const table = stringify({
        header: true,
        columns: ['offset', 'time', 'user', 'tags', 'data'],
        escape_formulas: true,
      })
      const path = await file('export.csv', 'text/csv')
      await pipeline(Readable.from(mapped(publications(), csvRow)), table, createWriteStream(path), { signal })
    } else {
      const path = await file('export.ndjson', 'application/x-ndjson')
      await pipeline(Readable.from(mapped(publications(), jsonLine)), createWriteStream(path), { signal })
    }
    return { channel, publications: count }
  },
}

async function* mapped<From, To>(from: AsyncIterable<From>, map: (one: From) => To): AsyncIterable<To> {
  for await (const one of from) yield map(one)
}

function csvRow({ offset, time, info, tags, data }: Publication): object {
  return {
    offset,
    time: new Date(time).toISOString(),
    user: info?.user ?? '',
    tags: tags ? JSON.stringify(tags) : '',
    data,
  }
}

function jsonLine({ offset, time, info, tags, data }: Publication): string {
  const about = { offset, time: new Date(time).toISOString(), user: info?.user ?? null, tags }
  // What was published is JSON text already.
  return `${JSON.stringify(about).slice(0, -1)},"data":${data}}\n`
}
