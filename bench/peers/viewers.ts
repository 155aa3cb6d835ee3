import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Identity } from '#server/auth/identity.ts'

/** So many people, each signed in once: written straight into the records, because hashing a password takes long. */
export function addViewers(openRecords: () => DatabaseSync, count: number): readonly Identity[] {
  const records = openRecords()
  const addUser = records.prepare(
    `insert into user (id, name, email, emailVerified, createdAt, updatedAt, role, kind) values (?, ?, ?, 1, ?, ?, 'viewer', 'person')`,
  )
  const addSession = records.prepare(
    'insert into session (id, userId, token, expiresAt, createdAt, updatedAt) values (?, ?, ?, ?, ?, ?)',
  )
  const now = new Date()
  const begun = now.toISOString()
  const ends = new Date(now.getTime() + 24 * 3600 * 1000).toISOString()
  records.exec('begin')
  const viewers = Array.from({ length: count }, (_, index): Identity => {
    const [userId, sessionId] = [randomUUID(), randomUUID()]
    const person = { name: `Viewer ${index}`, email: `viewer-${index}@example.org` }
    addUser.run(userId, person.name, person.email, begun, begun)
    addSession.run(sessionId, userId, randomUUID(), ends, begun, begun)
    return { kind: 'user', userId, sessionId, ...person, role: 'viewer' }
  })
  records.exec('commit')
  records.close()
  return viewers
}
