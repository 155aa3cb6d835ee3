import { ActionIcon, Menu } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import type { OauthClientKind, OauthClientView } from '#protocol/oauth.ts'
import { moment } from '../../shared/time.ts'
import type { ServiceDeed } from './service-deed-dialog.tsx'

interface ServiceTableProps {
  readonly services: readonly OauthClientView[]
  readonly now: number
  readonly onDo: (doing: { readonly deed: ServiceDeed | 'change'; readonly service: OauthClientView }) => void
}

export function ServiceTable({ services, now, onDo }: ServiceTableProps) {
  return (
    <table className="table" aria-label="Services">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">Kind</th>
          <th scope="col">May</th>
          <th scope="col">Registered</th>
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {services.map((service) => (
          <tr key={service.id}>
            <th scope="row" className="wrap">
              {service.name}
              <span className="table-under">{service.id}</span>
              {service.disabled && <span className="table-state">Disabled</span>}
            </th>
            <td>{kindNames[service.kind]}</td>
            <td className="wrap">{service.scopes.join(', ')}</td>
            <td>
              {moment(Date.parse(service.createdAt), now)}
              {service.createdBy !== null && <span className="table-under">by {service.createdBy}</span>}
            </td>
            <td className="table-actions">
              <ServiceMenu service={service} onDo={(deed) => onDo({ deed, service })} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export const kindNames = {
  web: 'Web application',
  native: 'App',
  service: 'Machine',
  device: 'Device',
} as const satisfies Record<OauthClientKind, string>

interface ServiceMenuProps {
  readonly service: OauthClientView
  readonly onDo: (deed: ServiceDeed | 'change') => void
}

function ServiceMenu({ service, onDo }: ServiceMenuProps) {
  const hasSecret = service.kind === 'web' || service.kind === 'service'
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More for ${service.name}`}>
          <IconDots size={20} stroke={1.6} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onDo('change')}>Change</Menu.Item>
        {hasSecret && <Menu.Item onClick={() => onDo('rotate')}>New secret</Menu.Item>}
        {service.disabled && <Menu.Item onClick={() => onDo('enable')}>Enable</Menu.Item>}
        <Menu.Divider />
        {!service.disabled && (
          <Menu.Item className="menu-danger" onClick={() => onDo('disable')}>
            Disable
          </Menu.Item>
        )}
        <Menu.Item className="menu-danger" onClick={() => onDo('remove')}>
          Remove
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
