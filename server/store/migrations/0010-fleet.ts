import type { Kysely } from 'kysely'

/** What devices say of themselves, what they were told to do, and what their screens showed. Instants are ISO 8601 in UTC. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // What scrypt made of the PIN of the local pane, as JSON. Null: there is none.
  await db.schema.alterTable('devices').addColumn('pin', 'text').execute()
  await db.schema
    .createTable('device_status')
    .addColumn('device_id', 'text', (column) => column.primaryKey().references('devices.id').onDelete('cascade'))
    // When it came to the server.
    .addColumn('reported_at', 'text', (column) => column.notNull())
    // Both JSON, as the device says it; null where it has said nothing of its health yet.
    .addColumn('shell', 'text', (column) => column.notNull())
    .addColumn('health', 'text')
    .execute()
  await db.schema
    .createTable('device_commands')
    // A UUID of version 7: lists are in its order.
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('device_id', 'text', (column) => column.notNull().references('devices.id').onDelete('cascade'))
    .addColumn('command', 'text', (column) => column.notNull())
    .addColumn('args', 'text', (column) => column.notNull())
    // sent, done, failed, refused or expired.
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('code', 'text')
    .addColumn('message', 'text')
    .addColumn('value', 'text')
    .addColumn('sent_at', 'text', (column) => column.notNull())
    .addColumn('deadline', 'text', (column) => column.notNull())
    .addColumn('answered_at', 'text')
    .addColumn('sent_by', 'text', (column) => column.notNull())
    // Whoever sent it and the key they gave, so that it is sent once.
    .addColumn('idempotency_key', 'text')
    .execute()
  await db.schema.createIndex('device_commands_by_device').on('device_commands').columns(['device_id', 'id']).execute()
  await db.schema
    .createIndex('device_commands_by_key')
    .unique()
    .on('device_commands')
    .columns(['device_id', 'idempotency_key'])
    .execute()
  await db.schema
    .createTable('device_screenshots')
    .addColumn('command_id', 'text', (column) =>
      column.primaryKey().references('device_commands.id').onDelete('cascade'),
    )
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('png', 'bytea', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('device_screenshots_by_device')
    .on('device_screenshots')
    .columns(['device_id', 'command_id'])
    .execute()
}
