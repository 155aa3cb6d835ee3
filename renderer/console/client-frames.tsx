import { Button, Group } from '@mantine/core'
import {
  IconArrowDown,
  IconArrowUp,
  IconCopy,
  IconEraser,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import { memo, useEffect, useState, useSyncExternalStore } from 'react'
import { clockTimeWithSeconds } from '../shared/time.ts'
import { copyText } from './copy-text.ts'
import { type FramesState, type FrameWatch, framesText, type ShownFrame, watchFrames } from './frame-watch.ts'

/** The messages of one client, live. */
export function ClientFrames({ id }: { readonly id: string }) {
  const watch = useWatch(id)
  return watch === null ? null : <Frames watch={watch} />
}

function Frames({ watch }: { readonly watch: FrameWatch }) {
  const live = useSyncExternalStore(watch.subscribe, watch.state)
  /** What is shown while the reader holds on; messages go on being collected. */
  const [held, setHeld] = useState<FramesState | null>(null)
  const shown = held ?? live
  const isHeld = held !== null
  const clear = () => {
    watch.clear()
    setHeld(isHeld ? { ...live, frames: [], dropped: 0 } : null)
  }
  return (
    <section className="frames-part" aria-labelledby="frames-title">
      <div className="page-head">
        <div className="frames-head">
          <h2 id="frames-title">Messages</h2>
          <p className="soft" role="status">
            {sentenceFor(live, isHeld)}
          </p>
        </div>
        <Group gap="sm">
          <Tool
            icon={isHeld ? <IconPlayerPlay {...iconStyle} /> : <IconPlayerPause {...iconStyle} />}
            label={isHeld ? 'Go on' : 'Pause'}
            onClick={() => setHeld(isHeld ? null : live)}
          />
          <Tool icon={<IconEraser {...iconStyle} />} label="Clear" onClick={clear} />
          <Tool
            icon={<IconCopy {...iconStyle} />}
            label="Copy"
            disabled={shown.frames.length === 0}
            onClick={() => void copy(shown.frames)}
          />
        </Group>
      </div>
      {shown.dropped > 0 && (
        <p className="frames-dropped">
          {shown.dropped} {shown.dropped === 1 ? 'message' : 'messages'} came too fast to be shown.
        </p>
      )}
      {shown.frames.length > 0 && (
        <ol className="frames" aria-label="Messages">
          {shown.frames.map((frame) => (
            <Frame key={frame.key} frame={frame} />
          ))}
        </ol>
      )}
      <p className="soft page-note">
        Tokens, tickets, keys and passwords are left out. That you are watching is written to the log of the server.
      </p>
    </section>
  )
}

const iconStyle = { size: 17, stroke: 1.6, 'aria-hidden': true } as const

interface ToolProps {
  readonly icon: React.ReactNode
  readonly label: string
  readonly disabled?: boolean
  readonly onClick: () => void
}

function Tool({ icon, label, disabled = false, onClick }: ToolProps) {
  return (
    <Button variant="default" size="sm" leftSection={icon} disabled={disabled} onClick={onClick}>
      {label}
    </Button>
  )
}

const Frame = memo(function Frame({ frame: { direction, at, text } }: { readonly frame: ShownFrame }) {
  const { Icon, words } = ways[direction]
  return (
    <li className={`frame frame-${direction}`}>
      <span className="frame-way">
        <Icon size={16} stroke={2} aria-hidden="true" />
        {words}
      </span>
      <time dateTime={new Date(at).toISOString()}>{clockTimeWithSeconds(at)}</time>
      <code>{text}</code>
    </li>
  )
})

const ways = {
  in: { Icon: IconArrowUp, words: 'from client' },
  out: { Icon: IconArrowDown, words: 'to client' },
  end: { Icon: IconPlugConnectedX, words: 'the end' },
} as const satisfies Record<ShownFrame['direction'], object>

function sentenceFor({ phase, ending, frames }: FramesState, isHeld: boolean): string {
  if (phase === 'ended')
    return `This connection has ended${ending === null ? '' : `, ${ending}`}. Nothing more will come.`
  if (phase === 'lost') return 'The server does not answer. It is asked again.'
  if (isHeld) return 'Paused. New messages are collected meanwhile.'
  if (phase === 'opening') return 'Beginning to watch.'
  return frames.length === 0 ? 'Watching. The next message appears here.' : 'Watching, newest first.'
}

function copy(frames: readonly ShownFrame[]): Promise<void> {
  const what = `${frames.length} ${frames.length === 1 ? 'message' : 'messages'}`
  return copyText(framesText(frames), `${what} copied.`)
}

function useWatch(id: string): FrameWatch | null {
  const [watch, setWatch] = useState<FrameWatch | null>(null)
  useEffect(() => {
    const opened = watchFrames(new EventSource(`/api/v1/clients/${encodeURIComponent(id)}/frames`))
    setWatch(opened)
    return () => opened.close()
  }, [id])
  return watch
}
