import type { Kysely } from 'kysely'

/**
 * Second factors, links that set a password, and from where people have signed in before. Instants are ISO 8601 in UTC.
 * Passkeys themselves are in better-auth's table.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('totp')
    .addColumn('user_id', 'text', (column) => column.primaryKey().references('user.id').onDelete('cascade'))
    // Encrypted with the server's secret.
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    // Null until a first code was right: then it counts.
    .addColumn('confirmed_at', 'text')
    // The half minute, counted since 1970, whose code was used last: no code is good twice.
    .addColumn('used_step', 'integer')
    .execute()
  await db.schema
    .createTable('backup_codes')
    .addColumn('user_id', 'text', (column) => column.notNull().references('user.id').onDelete('cascade'))
    .addColumn('code_hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('backup_codes_key', ['user_id', 'code_hash'])
    .execute()
  await db.schema
    .createTable('passkey_uses')
    .addColumn('credential_id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('user.id').onDelete('cascade'))
    .addColumn('last_used_at', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('password_resets')
    .addColumn('user_id', 'text', (column) => column.primaryKey().references('user.id').onDelete('cascade'))
    .addColumn('token_hash', 'text', (column) => column.notNull().unique())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('known_addresses')
    .addColumn('user_id', 'text', (column) => column.notNull().references('user.id').onDelete('cascade'))
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('used_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('known_addresses_key', ['user_id', 'address'])
    .execute()
  await db.schema
    .createTable('account_locks')
    .addColumn('user_id', 'text', (column) => column.primaryKey().references('user.id').onDelete('cascade'))
    .addColumn('locked_until', 'text', (column) => column.notNull())
    .execute()
}
