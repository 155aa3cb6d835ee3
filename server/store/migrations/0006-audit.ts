import { type Kysely, PostgresAdapter, sql } from 'kysely'

/**
 * The record of who did what. Ids are UUIDs of version 7, which sort by time: what is read by time is read by id. The
 * database itself refuses to change an entry, and to remove one unless `audit_horizon` says that it is over.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_entries')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull().check(sql`outcome in ('done', 'refused', 'failed')`))
    .addColumn('code', 'text')
    .addColumn('actor_kind', 'text')
    .addColumn('actor_id', 'text')
    .addColumn('actor_name', 'text')
    .addColumn('target_kind', 'text')
    .addColumn('target_id', 'text')
    .addColumn('target_name', 'text')
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .execute()
  for (const column of ['actor_id', 'target_id', 'action', 'outcome', 'address']) {
    await db.schema.createIndex(`audit_by_${column}`).on('audit_entries').columns([column, 'id']).execute()
  }
  await db.schema
    .createTable('audit_horizon')
    .addColumn('id', 'integer', (column) => column.primaryKey().check(sql`id = 1`))
    .addColumn('before', 'text', (column) => column.notNull())
    .execute()
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  for (const guard of isPostgres ? postgresGuards : sqliteGuards) await sql.raw(guard).execute(db)
}

const refused = 'entries of the audit record are added and nothing else'

const sqliteGuards = [
  `create trigger audit_no_update before update on audit_entries
   begin select raise(abort, '${refused}'); end`,
  // "insert or replace" deletes without telling the trigger below.
  `create trigger audit_no_replace before insert on audit_entries
   when exists (select 1 from audit_entries where id = new.id)
   begin select raise(abort, '${refused}'); end`,
  `create trigger audit_no_delete before delete on audit_entries
   when not exists (select 1 from audit_horizon where before > old.time)
   begin select raise(abort, '${refused}'); end`,
]

const postgresGuards = [
  `create function audit_refuse() returns trigger language plpgsql as
   $$ begin raise exception '${refused}'; end $$`,
  `create function audit_refuse_early() returns trigger language plpgsql as
   $$ begin
     if not exists (select 1 from audit_horizon where before > old.time) then raise exception '${refused}'; end if;
     return old;
   end $$`,
  `create trigger audit_no_update before update on audit_entries for each row execute function audit_refuse()`,
  `create trigger audit_no_delete before delete on audit_entries for each row execute function audit_refuse_early()`,
  `create trigger audit_no_truncate before truncate on audit_entries for each statement execute function audit_refuse()`,
]
