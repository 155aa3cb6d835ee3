import type { Kysely } from 'kysely'

/** What is known of credentials: how devices keep theirs, when keys end, and when somebody last signed in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Null: the device did not say.
  await db.schema.alterTable('devices').addColumn('storage', 'text').execute()
  // Null: since it was enrolled.
  await db.schema.alterTable('devices').addColumn('credential_since', 'text').execute()
  // Since when it is to take another, and the session of that one until it is first used.
  await db.schema.alterTable('devices').addColumn('rotating_since', 'text').execute()
  await db.schema.alterTable('devices').addColumn('next_session_id', 'text').execute()
  await db.schema.alterTable('enrolments').addColumn('storage', 'text').execute()
  await db.schema.alterTable('api_keys').addColumn('expires_at', 'text').execute()
  await db.schema
    .createTable('sign_ins')
    .addColumn('user_id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'text', (column) => column.notNull())
    .execute()
}
