import { Button, Menu } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconDownload } from '@tabler/icons-react'
import { useMemo } from 'react'
import type { Me } from '#protocol/api.ts'
import type { AuditFilter } from '#protocol/audit.ts'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { navigate, useLocation } from '../location.ts'
import { MoreButton } from '../more-button.tsx'
import { NotAllowed } from '../not-allowed.tsx'
import { mayAdminister } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { queryOf } from '../query-of.ts'
import { useList } from '../use-list.ts'
import { AuditFilterForm } from './audit-filter.tsx'
import { AuditTable } from './audit-table.tsx'
import { fieldsOf, filterOf } from './audit-words.ts'

/** Who did what. */
export function AuditPage({ me }: { readonly me: Me }) {
  return mayAdminister(me) ? (
    <AuditRecord />
  ) : (
    <NotAllowed title="Audit">Administrators read the record of who did what. Ask one of them.</NotAllowed>
  )
}

function AuditRecord() {
  const api = useApi()
  const now = useNow(10_000)
  // The filter is in the address, so that it is there again after a reload and can be passed on.
  const search = useLocation().query.toString()
  const [settled] = useDebouncedValue(search, 250)
  // A span begins where it did when it was chosen: the list is not read anew as time goes by.
  const filter = useMemo(() => filterOf(fieldsOf(settled), Date.now()), [settled])
  const entries = useList(['audit', filter], (cursor) => api.administration.audit(filter, cursor), {
    refetchMs: 15_000,
  })
  return (
    <>
      <div className="page-head">
        <h1>Audit</h1>
        <ExportMenu filter={filter} />
      </div>
      <AuditFilterForm
        value={fieldsOf(search)}
        onChange={(fields) => navigate(`/audit${queryOf({ ...fields })}`, { replace: true })}
      />
      {entries.data === undefined && <ProblemAlert error={entries.error} />}
      {entries.data !== undefined && entries.items.length === 0 && (
        <div className="empty" role="status">
          <h2>Nothing found</h2>
          <p>No entry of the record matches this filter.</p>
        </div>
      )}
      {entries.items.length > 0 && <AuditTable entries={entries.items} now={now} />}
      <MoreButton list={entries} of="entries" />
    </>
  )
}

/** Downloads what the filter lets through. */
function ExportMenu({ filter }: { readonly filter: AuditFilter }) {
  const linkFor = (format: string) => `/api/v1/audit/export${queryOf({ ...filter, format })}`
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={18} stroke={1.6} aria-hidden="true" />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={linkFor('csv')} download>
          For a spreadsheet (CSV)
        </Menu.Item>
        <Menu.Item component="a" href={linkFor('ndjson')} download>
          For programs (NDJSON)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
