import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { OauthClientView } from '#protocol/oauth.ts'
import { Bell } from '../../shared/bell.tsx'
import { useNow } from '../../shared/now.ts'
import { useApi } from '../api-context.ts'
import { asApiError } from '../api-error.ts'
import { MoreButton } from '../more-button.tsx'
import { NotAllowed } from '../not-allowed.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { useList } from '../use-list.ts'
import { type ServiceDeed, ServiceDeedDialog } from './service-deed-dialog.tsx'
import { ServiceDialog } from './service-dialog.tsx'
import { ServiceTable } from './service-table.tsx'

/** What is being done to one service, or `add`. */
type Doing =
  | { readonly deed: ServiceDeed; readonly service: OauthClientView }
  | { readonly deed: 'change'; readonly service: OauthClientView }
  | { readonly deed: 'add' }

/** The services that may ask people to let them in, or act for themselves (OAuth clients). */
export function ServicesPage({ me }: { readonly me: Me }) {
  const api = useApi()
  const now = useNow(10_000)
  const [doing, setDoing] = useState<Doing | null>(null)
  const services = useList(['services'], api.administration.services, { enabled: me.kind === 'user' })
  // Who may is decided by the server's configuration.
  if (services.error !== null && asApiError(services.error).is('forbidden')) {
    return <NotAllowed title="Services">{asApiError(services.error).message}</NotAllowed>
  }
  const close = () => setDoing(null)
  const addButton = (
    <Button
      leftSection={<IconPlus size={18} stroke={1.8} aria-hidden="true" />}
      onClick={() => setDoing({ deed: 'add' })}
    >
      Register a service
    </Button>
  )
  return (
    <>
      <div className="page-head">
        <h1>Services</h1>
        {services.items.length > 0 && addButton}
      </div>
      {services.data === undefined && <ProblemAlert error={services.error} />}
      {services.data !== undefined && services.items.length === 0 && (
        <div className="empty">
          <Bell className="empty-mark" />
          <h2>No services yet</h2>
          <p>
            A service that is registered here signs people in with their account on this server, or acts for itself, by
            OAuth 2.1. For a script of your own a key is simpler.
          </p>
          {addButton}
        </div>
      )}
      {services.items.length > 0 && <ServiceTable services={services.items} now={now} onDo={setDoing} />}
      <MoreButton list={services} of="services" />
      <ServiceDialog
        opened={doing?.deed === 'add' || doing?.deed === 'change'}
        service={doing?.deed === 'change' ? doing.service : null}
        onClose={close}
      />
      <ServiceDeedDialog
        doing={doing !== null && doing.deed !== 'add' && doing.deed !== 'change' ? doing : null}
        onClose={close}
      />
    </>
  )
}
