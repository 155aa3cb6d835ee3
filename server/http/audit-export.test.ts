import { buffer, text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import type { AuditView } from '#protocol/audit.ts'
import { auditWriters } from './audit-export.ts'

const entry: AuditView = {
  ...{ id: 'an-id', time: '2026-01-02T03:04:05.678Z', action: 'user_create', outcome: 'done', code: null },
  ...{ actor: { kind: 'user', id: 'u-1', name: 'Ada <ada@example.org>' }, target: null },
  ...{ address: '192.0.2.7', requestId: 'r-1', details: { role: 'viewer' } },
}

/** As many entries as are asked for, and how many that were. */
function endless() {
  const source = { read: 0, ended: vi.fn() }
  async function* read(): AsyncGenerator<AuditView> {
    try {
      for (;;) {
        source.read++
        yield entry
      }
    } finally {
      source.ended()
    }
  }
  return Object.assign(source, { entries: read() })
}

async function* these(...entries: readonly AuditView[]): AsyncGenerator<AuditView> {
  yield* entries
}

test('a table has a heading and an entry a row', async () => {
  expect((await buffer(auditWriters.csv.write(these(entry)))).toString()).toBe(
    '\ufefftime,action,outcome,code,actor,actor_kind,actor_id,target,target_kind,target_id,address,request_id,details,id\n' +
      '2026-01-02T03:04:05.678Z,user_create,done,,Ada <ada@example.org>,user,u-1,,,,192.0.2.7,r-1,"{""role"":""viewer""}",an-id\n',
  )
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])('%j is text in a table', async (name) => {
  const target = { kind: 'unknown', id: name, name } as const
  const [, row = ''] = (await text(auditWriters.csv.write(these({ ...entry, target })))).split('\n')
  expect(row.split(`'${name}`)).toHaveLength(3)
})

test('nothing is on record', async () => {
  expect(await text(auditWriters.ndjson.write(these()))).toBe('')
  expect((await text(auditWriters.csv.write(these()))).split('\n')).toHaveLength(2)
})

test.each(['csv', 'ndjson'] as const)(
  '%s is read as fast as it is taken, and no further once nobody does',
  async (format) => {
    const source = endless()
    const stream = auditWriters[format].write(source.entries)
    stream.once('data', () => stream.pause())
    await vi.waitFor(() => expect(source.read).toBeGreaterThan(1))
    // However long it is waited for: what has been read fits into the buffers between.
    for (let turns = 0; turns < 1_000; turns++) await new Promise((resolve) => setImmediate(resolve))
    expect(source.read).toBeLessThan(5_000)
    stream.destroy()
    await vi.waitFor(() => expect(source.ended).toHaveBeenCalled())
  },
)

test.each(['csv', 'ndjson'] as const)(
  '%s fails when the record cannot be read, instead of ending early',
  async (format) => {
    async function* failing(): AsyncGenerator<AuditView> {
      yield entry
      throw new Error('the disk is gone')
    }
    await expect(text(auditWriters[format].write(failing()))).rejects.toThrow('the disk is gone')
  },
)
