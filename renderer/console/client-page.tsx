import { Button } from '@mantine/core'
import { IconArrowLeft, IconPlugConnectedX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { ClientDetail } from '#protocol/clients.ts'
import { useNow } from '../shared/now.ts'
import { ago } from '../shared/time.ts'
import { useApi } from './api-context.ts'
import { ApiError } from './api-error.ts'
import { ClientFrames } from './client-frames.tsx'
import { bytesInWords, transportName } from './connection-words.ts'
import { DisconnectDialog } from './disconnect-dialog.tsx'
import { linkTo } from './location.ts'
import { mayAdminister, roleOf } from './permissions.ts'
import { ProblemAlert } from './problem-alert.tsx'

/** One connection: who it is, and for administrators what it sends and is sent. */
export function ClientPage({ me, id }: { readonly me: Me; readonly id: string }) {
  const api = useApi()
  const [disconnecting, setDisconnecting] = useState(false)
  const client = useQuery({ queryKey: ['client', id], queryFn: () => api.client(id), refetchInterval: 5000 })
  const isGone = client.error instanceof ApiError && client.error.is('unknown_client')
  const administers = mayAdminister(me)
  return (
    <>
      <div className="page-head">
        <div>
          <a className="back" {...linkTo('/connections')}>
            <IconArrowLeft size={17} stroke={1.8} aria-hidden="true" /> Connections
          </a>
          <h1 className="wrap">{client.data?.name ?? 'Connection'}</h1>
        </div>
        {administers && client.data !== undefined && !isGone && (
          <Button
            variant="default"
            leftSection={<IconPlugConnectedX size={18} stroke={1.6} aria-hidden="true" />}
            onClick={() => setDisconnecting(true)}
          >
            Disconnect
          </Button>
        )}
      </div>
      {isGone && !(administers && client.data !== undefined) && (
        <p className="soft page-note" role="status">
          This connection has ended. Whoever comes back has a new one, in the list.
        </p>
      )}
      {!isGone && client.data === undefined && <ProblemAlert error={client.error} />}
      {client.data !== undefined && <Facts client={client.data} />}
      {client.data !== undefined && administers && <ClientFrames key={id} id={id} />}
      {client.data !== undefined && !administers && (
        <p className="soft page-note">An administrator can watch what this connection sends and is sent.</p>
      )}
      <DisconnectDialog client={disconnecting ? (client.data ?? null) : null} onClose={() => setDisconnecting(false)} />
    </>
  )
}

function Facts({ client }: { readonly client: ClientDetail }) {
  const now = useNow(10_000)
  const facts = [
    ['Role', roleOf(client)],
    ['Address', client.address],
    ['Transport', transportName(client.transport)],
    ['Connected', ago(Date.parse(client.since), now)],
    ['Waiting to be sent', bytesInWords(client.queueBytes)],
    ['User', client.user],
    ['Connection', client.id],
  ] as const
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      <div className="facts-channels">
        <dt>Channels</dt>
        <dd>
          <ChannelNames client={client} />
        </dd>
      </div>
    </dl>
  )
}

function ChannelNames({ client: { channels, channelNames } }: { readonly client: ClientDetail }) {
  const more = channels - channelNames.length
  if (channelNames.length === 0) return 'none'
  return (
    <ul className="facts-names">
      {channelNames.map((name) => (
        <li key={name}>
          <a className="channel" {...linkTo(`/live?channel=${encodeURIComponent(name)}`)}>
            {name}
          </a>
        </li>
      ))}
      {more > 0 && <li>and {more.toLocaleString('en')} more</li>}
    </ul>
  )
}
