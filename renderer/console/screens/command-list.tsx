import { Button } from '@mantine/core'
import { useState } from 'react'
import type { DeviceCommandView } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { moment } from '../../shared/time.ts'
import { MoreButton } from '../more-button.tsx'
import { ProblemAlert } from '../problem-alert.tsx'
import { When } from '../when.tsx'
import { ResultDialog } from './result-dialog.tsx'
import { commandStates, commandWords } from './screen-words.ts'
import { ToneMark } from './state-mark.tsx'
import type { useCommands } from './use-commands.ts'

interface CommandListProps {
  readonly device: DeviceView
  readonly commands: ReturnType<typeof useCommands>
  readonly now: number
}

/** What a screen was told, and how each ended. */
export function CommandList({ device, commands, now }: CommandListProps) {
  const [looked, setLooked] = useState<DeviceCommandView | null>(null)
  const { items, data, error } = commands
  return (
    <section className="card" aria-labelledby="commands">
      <h2 id="commands">Commands</h2>
      {data === undefined && <ProblemAlert error={error} />}
      {data !== undefined && items.length === 0 && <p className="soft">{device.name} has been told nothing yet.</p>}
      {items.length > 0 && (
        <ol className="command-list" aria-live="polite" aria-relevant="additions text">
          {items.map((command) => (
            <li key={command.id} className="command-row">
              <span className="command-what">{commandWords(command)}</span>
              <ToneMark {...commandStates[command.state]} />
              <span className="soft command-when">
                <When at={command.sentAt} now={now} /> by {command.sentBy}
                {command.state === 'sent' && `, until ${moment(Date.parse(command.deadline), now)}`}
              </span>
              <Ending command={command} onLook={() => setLooked(command)} />
            </li>
          ))}
        </ol>
      )}
      <MoreButton list={commands} of="commands" />
      <ResultDialog command={looked} onClose={() => setLooked(null)} />
    </section>
  )
}

/** What is said of how it ended, where the word alone does not tell. */
function Ending({ command, onLook }: { readonly command: DeviceCommandView; readonly onLook: () => void }) {
  const { state, message, code } = command
  if (state === 'done') {
    return command.command === 'diagnostics' ? (
      <Button variant="subtle" size="compact-sm" className="command-look" onClick={onLook}>
        Look at the report
      </Button>
    ) : null
  }
  if (state === 'no_answer') {
    return <span className="command-why">It may be off, or it could not say how it ended.</span>
  }
  if (message === null || message === '') return null
  return (
    <span className="command-why">
      {message} {code !== null && <span className="screen-code">{code}</span>}
    </span>
  )
}
