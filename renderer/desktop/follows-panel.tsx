import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconX } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { z } from 'zod'
import { channelName } from '#protocol/channel.ts'
import type { DesktopBridge } from '#protocol/ipc.ts'
import { fieldErrors } from '../mantine/field-errors.ts'
import { focusFault } from '../mantine/focus-fault.ts'
import { askMain } from './ask-main.ts'

interface FollowsPanelProps {
  readonly bridge: DesktopBridge
  readonly follows: readonly string[]
  /** The one channel whose events are shown; null for all. */
  readonly only: string | null
  readonly setOnly: (channel: string | null) => void
  /** Stands above it. */
  readonly children: ReactNode
}

/** The channels one follows; choosing one shows its events alone. */
export function FollowsPanel({ bridge, follows, only, setOnly, children }: FollowsPanelProps) {
  const [failure, setFailure] = useState<string | null>(null)
  const unfollow = async (channel: string): Promise<void> => {
    const outcome = await askMain(bridge.unfollow(channel))
    setFailure(outcome.ok ? null : outcome.message)
  }
  return (
    <aside className="follows" aria-labelledby="follows">
      {children}
      <h2 id="follows">Channels</h2>
      {follows.length > 0 && (
        <ul className="follows-list">
          <li>
            <button type="button" className="follow" aria-pressed={only === null} onClick={() => setOnly(null)}>
              All channels
            </button>
          </li>
          {follows.map((channel) => (
            <li key={channel}>
              <button
                type="button"
                className="follow"
                aria-pressed={only === channel}
                onClick={() => setOnly(only === channel ? null : channel)}
              >
                {channel}
              </button>
              <Tooltip label="Unfollow">
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Unfollow ${channel}`}
                  onClick={() => unfollow(channel)}
                >
                  <IconX size={16} stroke={1.6} aria-hidden="true" />
                </ActionIcon>
              </Tooltip>
            </li>
          ))}
        </ul>
      )}
      {failure !== null && (
        <p className="follows-failure" role="alert">
          {failure}
        </p>
      )}
      <FollowForm bridge={bridge} follows={follows} />
    </aside>
  )
}

const followForm = z.object({ channel: channelName })

function FollowForm({ bridge, follows }: Pick<FollowsPanelProps, 'bridge' | 'follows'>) {
  const [busy, setBusy] = useState(false)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { channel: '' },
    validate: ({ channel }) => fieldErrors(followForm, { channel: channel.trim() }),
    transformValues: ({ channel }) => ({ channel: channel.trim() }),
  })
  const submit = async ({ channel }: { channel: string }): Promise<void> => {
    if (follows.includes(channel)) {
      form.setFieldError('channel', `You follow ${channel} already.`)
      return
    }
    setBusy(true)
    const outcome = await askMain(bridge.follow(channel))
    setBusy(false)
    if (outcome.ok) form.reset()
    else form.setFieldError('channel', outcome.message)
  }
  return (
    <form className="follow-form" noValidate onSubmit={form.onSubmit(submit, focusFault)}>
      <TextInput
        label="Follow a channel"
        placeholder="news:general"
        autoComplete="off"
        spellCheck={false}
        key={form.key('channel')}
        {...form.getInputProps('channel')}
      />
      <Button type="submit" variant="default" loading={busy} fullWidth>
        Follow
      </Button>
    </form>
  )
}
