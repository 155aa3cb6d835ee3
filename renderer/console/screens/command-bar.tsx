import { Button, Menu } from '@mantine/core'
import {
  IconBroadcast,
  IconCamera,
  IconChevronDown,
  IconEraser,
  IconMessage,
  IconPower,
  IconRefresh,
  IconReportMedical,
  IconRotateClockwise,
  IconSunHigh,
  IconSunOff,
  IconWorldWww,
} from '@tabler/icons-react'
import { useState } from 'react'
import type { DeviceCommandRequest } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { ConfirmDialog } from '../../mantine/confirm-dialog.tsx'
import { asApiError } from '../api-error.ts'
import { SendMessageDialog } from '../send-message-dialog.tsx'
import { ShowPageDialog } from './show-page-dialog.tsx'
import { showProblem, useSend } from './use-commands.ts'

type Asked = 'message' | 'show' | 'restart-app' | 'reboot'

const look = { variant: 'default', px: 'sm' } as const
const icon = { size: 17, stroke: 1.7, 'aria-hidden': true } as const

/** All that a screen can be told. What would interrupt it asks first. */
export function CommandBar({ device }: { readonly device: DeviceView }) {
  const [asked, setAsked] = useState<Asked | null>(null)
  const send = useSend(device.id)
  const tell = (request: DeviceCommandRequest) => () => send.mutate(request, { onError: showProblem })
  return (
    <fieldset className="screen-bar" aria-label={`Tell ${device.name}`}>
      <Button px="sm" leftSection={<IconWorldWww {...icon} />} onClick={() => setAsked('show')}>
        Show a page
      </Button>
      <Button {...look} leftSection={<IconMessage {...icon} />} onClick={() => setAsked('message')}>
        Message
      </Button>
      <Button {...look} leftSection={<IconRefresh {...icon} />} onClick={tell({ command: 'reload' })}>
        Reload
      </Button>
      <Button {...look} leftSection={<IconBroadcast {...icon} />} onClick={tell({ command: 'identify' })}>
        Identify
      </Button>
      <Button {...look} leftSection={<IconCamera {...icon} />} onClick={tell({ command: 'screenshot' })}>
        Screenshot
      </Button>
      <Menu>
        <Menu.Target>
          <Button {...look} rightSection={<IconChevronDown {...icon} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconEraser {...icon} />}
            onClick={tell({ command: 'show', args: { nothing: true } })}
          >
            Show nothing
          </Menu.Item>
          <Menu.Item
            leftSection={<IconRefresh {...icon} />}
            onClick={tell({ command: 'reload', args: { fresh: true } })}
          >
            Reload past the cache
          </Menu.Item>
          <Menu.Item leftSection={<IconSunHigh {...icon} />} onClick={tell({ command: 'display', args: { on: true } })}>
            Display on
          </Menu.Item>
          <Menu.Item leftSection={<IconSunOff {...icon} />} onClick={tell({ command: 'display', args: { on: false } })}>
            Display off
          </Menu.Item>
          <Menu.Item leftSection={<IconReportMedical {...icon} />} onClick={tell({ command: 'diagnostics' })}>
            Diagnostics
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconRotateClockwise {...icon} />} onClick={() => setAsked('restart-app')}>
            Restart the app
          </Menu.Item>
          <Menu.Item leftSection={<IconPower {...icon} />} onClick={() => setAsked('reboot')}>
            Restart the computer
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SendMessageDialog device={asked === 'message' ? device : null} onClose={() => setAsked(null)} />
      <ShowPageDialog device={device} opened={asked === 'show'} onClose={() => setAsked(null)} />
      <RestartDialog device={device} asked={asked} onClose={() => setAsked(null)} />
    </fieldset>
  )
}

interface RestartDialogProps {
  readonly device: DeviceView
  readonly asked: Asked | null
  readonly onClose: () => void
}

function RestartDialog({ device, asked, onClose }: RestartDialogProps) {
  const send = useSend(device.id)
  const restart = async (): Promise<string | null> => {
    try {
      await send.mutateAsync({ command: asked === 'reboot' ? 'reboot' : 'restart-app' })
      return null
    } catch (error) {
      return asApiError(error).message
    }
  }
  const isReboot = asked === 'reboot'
  return (
    <ConfirmDialog
      opened={asked === 'restart-app' || isReboot}
      title={isReboot ? `Restart the computer of ${device.name}?` : `Restart the app on ${device.name}?`}
      action="Restart"
      dangerous
      onConfirm={restart}
      onClose={onClose}
    >
      <p>
        {isReboot
          ? 'The screen is dark for a minute or two, and shows what it shows now when it is back.'
          : 'The screen is dark for some seconds, and shows what it shows now when it is back.'}
      </p>
    </ConfirmDialog>
  )
}
