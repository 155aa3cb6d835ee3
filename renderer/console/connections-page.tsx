import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { ClientView } from '#protocol/clients.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { ago } from '../shared/time.ts'
import { useApi } from './api-context.ts'
import { bytesInWords, transportName } from './connection-words.ts'
import { linkTo } from './location.ts'
import { MoreButton } from './more-button.tsx'
import { mayOperate, roleOf } from './permissions.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { SearchField } from './search-field.tsx'
import { useList } from './use-list.ts'

/** Who is connected now. */
export function ConnectionsPage({ me }: { readonly me: Me }) {
  const api = useApi()
  const now = useNow(10_000)
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed.trim(), 250)
  const operates = mayOperate(me)
  const clients = useList(['clients', search], (cursor) => api.clients(search, cursor), {
    refetchMs: 5000,
    enabled: operates,
  })
  const { items } = clients

  return (
    <>
      <div className="page-head">
        <h1>Connections</h1>
        {operates && (
          <SearchField
            label="Search connections"
            placeholder="Name, user, address or id"
            value={typed}
            onChange={setTyped}
          />
        )}
      </div>
      {!operates && (
        <p className="soft page-note">
          You look on as a viewer. An operator or an administrator can see who is connected.
        </p>
      )}
      {clients.data === undefined && <ProblemAlert error={clients.error} />}
      {clients.data !== undefined && items.length === 0 && <NoConnections search={search} />}
      {items.length > 0 && <ConnectionTable clients={items} now={now} />}
      <MoreButton list={clients} of="connections" />
    </>
  )
}

function ConnectionTable({ clients, now }: { readonly clients: readonly ClientView[]; readonly now: number }) {
  return (
    <table className="table" aria-label="Connections">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Address</th>
          <th scope="col">Transport</th>
          <th scope="col">Connected</th>
          <th scope="col" className="number">
            Channels
          </th>
          <th scope="col" className="number">
            Waiting
          </th>
        </tr>
      </thead>
      <tbody>
        {clients.map((client) => (
          <tr key={client.id}>
            <th scope="row">
              <a className="table-link" {...linkTo(`/connections?client=${encodeURIComponent(client.id)}`)}>
                {client.name}
              </a>
              <span className="table-under">{roleOf(client)}</span>
            </th>
            <td className="wrap">{client.address}</td>
            <td>{transportName(client.transport)}</td>
            <td>{ago(Date.parse(client.since), now)}</td>
            <td className="number">{client.channels}</td>
            <td className="number">{bytesInWords(client.queueBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function NoConnections({ search }: { readonly search: string }) {
  return (
    <div className="empty" role="status">
      <Bell className="empty-mark" />
      {search === '' ? (
        <>
          <h2>Nobody is connected</h2>
          <p>Desktops, kiosks and services appear here as soon as their sockets are open.</p>
        </>
      ) : (
        <>
          <h2>Nobody found</h2>
          <p>No connection has “{search}” in its name, user, address or id.</p>
        </>
      )}
    </div>
  )
}
