import { Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Me } from '#protocol/api.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { useApi } from './api-context.ts'
import { linkTo } from './location.ts'
import { MoreButton } from './more-button.tsx'
import { mayOperate } from './permissions.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { RemoveScreenDialog } from './remove-screen-dialog.tsx'
import { RotateDeviceDialog } from './rotate-device-dialog.tsx'
import { ScreenCard } from './screen-card.tsx'
import { SendMessageDialog } from './send-message-dialog.tsx'
import { useList } from './use-list.ts'
import { WaitingScreens } from './waiting-screens.tsx'

/** What is being done to one screen. */
type Doing = { readonly action: 'message' | 'rotate' | 'remove'; readonly device: DeviceView }

export function ScreensPage({ me }: { readonly me: Me }) {
  const api = useApi()
  const now = useNow(10_000)
  const [doing, setDoing] = useState<Doing | null>(null)
  const devices = useList(['devices'], api.devices, { refetchMs: 3000 })
  const { items } = devices
  const operates = mayOperate(me)
  const online = items.filter((device) => device.online).length

  return (
    <>
      <div className="page-head">
        <div>
          <h1>Screens</h1>
          {items.length > 0 && (
            <p className="soft">
              {online} of {items.length} online
            </p>
          )}
        </div>
        {operates && (
          <Button
            component="a"
            {...linkTo('/enrol')}
            leftSection={<IconPlus size={18} stroke={1.8} aria-hidden="true" />}
          >
            Add a screen
          </Button>
        )}
      </div>
      {!operates && (
        <p className="soft page-note">
          You look on as a viewer. An operator or an administrator can send messages, and add and remove screens.
        </p>
      )}
      {operates && <WaitingScreens now={now} />}
      {devices.data === undefined && <ProblemAlert error={devices.error} />}
      {devices.data !== undefined && items.length === 0 && <NoScreens operates={operates} />}
      {items.length > 0 && (
        <ul className="cards">
          {items.map((device) => (
            <li key={device.id}>
              <ScreenCard
                device={device}
                now={now}
                operates={operates}
                onMessage={() => setDoing({ action: 'message', device })}
                onRotate={() => setDoing({ action: 'rotate', device })}
                onRemove={() => setDoing({ action: 'remove', device })}
              />
            </li>
          ))}
        </ul>
      )}
      <MoreButton list={devices} of="screens" />
      <SendMessageDialog device={doing?.action === 'message' ? doing.device : null} onClose={() => setDoing(null)} />
      <RotateDeviceDialog device={doing?.action === 'rotate' ? doing.device : null} onClose={() => setDoing(null)} />
      <RemoveScreenDialog device={doing?.action === 'remove' ? doing.device : null} onClose={() => setDoing(null)} />
    </>
  )
}

function NoScreens({ operates }: { readonly operates: boolean }) {
  return (
    <div className="empty">
      <Bell className="empty-mark" />
      <h2>No screens yet</h2>
      <p>
        Start a kiosk on the computer behind a screen with <code>npm run kiosk</code>. It shows a code
        {operates
          ? '; enter that code under “Add a screen”, and messages can go to it.'
          : ' for an operator to approve.'}
      </p>
      {operates && (
        <Button component="a" {...linkTo('/enrol')} variant="default">
          Enter a code
        </Button>
      )}
    </div>
  )
}
