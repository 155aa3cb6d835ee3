import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleFilled,
  IconHourglassEmpty,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import type { DeviceView } from '#protocol/devices.ts'
import { ago } from '../../shared/time.ts'
import { When } from '../when.tsx'
import { stateOf, type Tone } from './screen-words.ts'

/** How a screen is, in a word, and of one that is away since when. */
export function ScreenMark({ device, now }: { readonly device: DeviceView; readonly now: number }) {
  const { word, tone } = stateOf(device)
  return (
    <p className={`card-state tone-${tone}`}>
      {device.online ? toneIcons[tone] : <IconPlugConnectedX size={16} stroke={1.8} aria-hidden="true" />} {word}
      {!device.online && <span className="soft">{lastSeen(device, now)}</span>}
    </p>
  )
}

function lastSeen({ lastSeenAt }: DeviceView, now: number): React.ReactNode {
  if (lastSeenAt === null) return 'never seen'
  return (
    <When at={lastSeenAt} now={now}>
      {`last seen ${ago(Date.parse(lastSeenAt), now)}`}
    </When>
  )
}

/** A word in its colour, told apart by its shape as well. */
export function ToneMark({ word, tone }: { readonly word: string; readonly tone: Tone }) {
  return (
    <span className={`card-state tone-${tone}`}>
      {tone === 'good' ? <IconCircleCheck size={15} stroke={1.8} aria-hidden="true" /> : toneIcons[tone]} {word}
    </span>
  )
}

const toneIcons = {
  good: <IconCircleFilled size={9} aria-hidden="true" />,
  busy: <IconHourglassEmpty size={15} stroke={1.8} aria-hidden="true" />,
  bad: <IconAlertTriangle size={15} stroke={1.8} aria-hidden="true" />,
  soft: null,
} as const satisfies Record<Tone, React.ReactNode>
