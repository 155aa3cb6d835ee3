import { type Kysely, sql } from 'kysely'

/**
 * Under which boot of the machine streams are being written to without waiting for the disk; null when all that was
 * answered is on disk. Whoever finds another boot here knows that the machine went down meanwhile.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table stream_seed add column boot text`.execute(db)
}
