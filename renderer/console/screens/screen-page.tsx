import { IconArrowLeft } from '@tabler/icons-react'
import type { Me } from '#protocol/api.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { Bell } from '../../shared/bell.tsx'
import { useNow } from '../../shared/now.ts'
import type { LiveLink } from '../live-link.ts'
import { linkTo } from '../location.ts'
import { mayOperate } from '../permissions.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { CommandBar } from './command-bar.tsx'
import { CommandList } from './command-list.tsx'
import { ContentCard } from './content-card.tsx'
import { HealthCard } from './health-card.tsx'
import { IdentityCard } from './identity-card.tsx'
import { PictureCard } from './picture-card.tsx'
import { ScreenMark } from './state-mark.tsx'
import { useCommands } from './use-commands.ts'
import { useScreen } from './use-live-screen.ts'

interface ScreenPageProps {
  readonly me: Me
  readonly link: LiveLink
  readonly name: string
}

/** One screen: how it is, what it was told, and what it can be told. */
export function ScreenPage({ me, link, name }: ScreenPageProps) {
  const now = useNow(10_000)
  const operates = mayOperate(me)
  const { data: device, error } = useScreen(link, name, operates)
  return (
    <>
      <div className="page-head">
        <div>
          <a className="back" {...linkTo('/')}>
            <IconArrowLeft size={17} stroke={1.8} aria-hidden="true" /> Screens
          </a>
          <h1 className="wrap">{name}</h1>
        </div>
        <div role="status">{device && <ScreenMark device={device} now={now} />}</div>
      </div>
      {device === undefined && <ProblemAlert error={error} />}
      {device === null && <NoScreen />}
      {device && (operates ? <Operated device={device} now={now} /> : <LookedAt device={device} now={now} />)}
    </>
  )
}

interface PartProps {
  readonly device: DeviceView
  readonly now: number
}

function Operated({ device, now }: PartProps) {
  const commands = useCommands(device.id)
  return (
    <>
      <CommandBar device={device} />
      <div className="screen-columns">
        <div className="screen-column">
          <ContentCard device={device} now={now} />
          <CommandList commands={commands} device={device} now={now} />
        </div>
        <div className="screen-column">
          <PictureCard commands={commands.items} device={device} now={now} />
          <HealthCard device={device} now={now} />
          <IdentityCard device={device} now={now} operates />
        </div>
      </div>
    </>
  )
}

function LookedAt({ device, now }: PartProps) {
  return (
    <>
      <p className="soft page-note">You look on as a viewer. An operator or an administrator can tell it what to do.</p>
      <div className="screen-columns">
        <div className="screen-column">
          <ContentCard device={device} now={now} />
          <HealthCard device={device} now={now} />
        </div>
        <div className="screen-column">
          <IdentityCard device={device} now={now} operates={false} />
        </div>
      </div>
    </>
  )
}

function NoScreen() {
  return (
    <div className="empty">
      <Bell className="empty-mark" />
      <h2>There is no screen of this name</h2>
      <p>
        It may have been removed. Go on from <a {...linkTo('/')}>your screens</a>.
      </p>
    </div>
  )
}
