import { ActionIcon, Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDots, IconEraser, IconKey, IconMessage, IconTrash } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { commandsChannel } from '#protocol/channel.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { useApi } from './api-context.ts'
import { asApiError } from './api-error.ts'
import { linkTo } from './location.ts'
import { storageWords } from './screens/identity-card.tsx'
import { ScreenMark } from './screens/state-mark.tsx'
import { When } from './when.tsx'

interface ScreenCardProps {
  readonly device: DeviceView
  readonly now: number
  readonly operates: boolean
  readonly onMessage: () => void
  readonly onRotate: () => void
  readonly onRemove: () => void
}

export function ScreenCard({ device, now, operates, onMessage, onRotate, onRemove }: ScreenCardProps) {
  const { name } = device
  return (
    <article className="card" aria-labelledby={`screen-${device.id}`}>
      <div className="card-head">
        <h2 id={`screen-${device.id}`}>
          <a className="screen-name" {...linkTo(`/screens/${name}`)}>
            {name}
          </a>
        </h2>
        <ScreenMark device={device} now={now} />
      </div>
      <dl className="card-facts">
        <Fact name="Computer">{device.hostname}</Fact>
        <Fact name="Address">{device.address}</Fact>
        <Fact name="Version">
          {device.version} on {device.platform}
        </Fact>
        <Fact name="Added">
          <When at={device.enrolledAt} now={now} /> by {device.enrolledBy}
        </Fact>
        <Fact name="Credential">
          {device.storage === null ? 'Kept somewhere' : storageWords[device.storage]}, from{' '}
          <When at={device.credentialSince} now={now} />
        </Fact>
      </dl>
      {operates && (
        <div className="card-actions">
          <Button
            variant="light"
            leftSection={<IconMessage size={18} stroke={1.6} aria-hidden="true" />}
            aria-label={`Send a message to ${name}`}
            onClick={onMessage}
          >
            Send a message
          </Button>
          <MoreMenu device={device} onRotate={onRotate} onRemove={onRemove} />
        </div>
      )}
    </article>
  )
}

function MoreMenu({ device, onRotate, onRemove }: Pick<ScreenCardProps, 'device' | 'onRotate' | 'onRemove'>) {
  const { screens } = useApi()
  const channel = commandsChannel(device.name)
  const clear = useMutation({
    mutationFn: () => screens.send(device.id, { command: 'show', args: { nothing: true } }),
    onSuccess: () => notifications.show({ message: `The screen ${device.name} is being cleared.` }),
    onError: (error) => notifications.show({ color: 'red', message: asApiError(error).message }),
  })
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More for ${device.name}`}>
          <IconDots size={20} stroke={1.6} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconEraser size={17} stroke={1.6} aria-hidden="true" />}
          onClick={() => clear.mutate()}
        >
          Clear screen
        </Menu.Item>
        <Menu.Item component="a" {...linkTo(`/live?channel=${encodeURIComponent(channel)}`)}>
          Watch {channel}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconKey size={17} stroke={1.6} aria-hidden="true" />}
          disabled={device.rotating}
          onClick={onRotate}
        >
          {device.rotating ? 'New credential is under way' : 'New credential'}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          className="menu-danger"
          leftSection={<IconTrash size={17} stroke={1.6} aria-hidden="true" />}
          onClick={onRemove}
        >
          Remove
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
