import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryBroker } from '#server/broker/memory-broker.ts'
import { openStore } from '#server/store/store.ts'

const kept = { size: 100_000, ttlSeconds: 3600 }

test('every publication acknowledged before a SIGKILL is there afterwards, without a gap, in the same epoch', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-kill-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'carillon.sqlite')
  const acknowledged: Acknowledged[] = []
  for (const round of [1, 2, 3]) acknowledged.push(...(await publishUntilKilled(path, round * 400)))

  await using store = await openStore({ path })
  await using broker = createMemoryBroker({ store, log: pino({ level: 'silent' }) })
  const page = await broker.history('news:a', kept, { limit: 1_000_000 })
  expect(acknowledged.length).toBeGreaterThanOrEqual(2400)
  expect(new Set(acknowledged.map(({ epoch }) => epoch))).toEqual(new Set([page.epoch]))
  expect(page.publications.map(({ offset }) => offset)).toEqual(Array.from({ length: page.offset }, (_, n) => n + 1))
  for (const { offset, data } of acknowledged) expect(page.publications[offset - 1]?.data).toBe(data)
}, 60_000)

interface Acknowledged {
  readonly offset: number
  readonly epoch: string
  readonly data: string
}

async function publishUntilKilled(path: string, count: number): Promise<Acknowledged[]> {
  const script = new URL('../support/publish-for-ever.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const output = await outputUntilKilled(child, count)
  // The last line may be cut in the middle.
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n')
  return lines.map((line) => {
    const [offset = '', epoch = '', data = ''] = line.split(' ')
    return { offset: Number(offset), epoch, data }
  })
}

async function outputUntilKilled(child: ChildProcess, lineCount: number): Promise<string> {
  let output = ''
  let lines = 0
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    lines += chunk.split('\n').length - 1
    if (lines >= lineCount) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  return output
}
