import { useQuery } from '@tanstack/react-query'
import type { DeviceCommandView } from '#protocol/device-commands.ts'
import { Dialog } from '../../mantine/dialog.tsx'
import { useApi } from '../api-context.ts'
import { ProblemAlert } from '../problem-alert.tsx'
import { JsonBlock } from '../tasks/json-block.tsx'
import { commandWords } from './screen-words.ts'

interface ResultDialogProps {
  /** Closed without one. */
  readonly command: DeviceCommandView | null
  readonly onClose: () => void
}

/** What a command brought. */
export function ResultDialog({ command, onClose }: ResultDialogProps) {
  return (
    <Dialog opened={command !== null} onClose={onClose} title={command === null ? '' : commandWords(command)} wide>
      {command !== null && <Result command={command} />}
    </Dialog>
  )
}

function Result({ command: { id, device } }: { readonly command: DeviceCommandView }) {
  const { screens } = useApi()
  const detail = useQuery({ queryKey: ['screen-command', id], queryFn: () => screens.command(device.id, id) })
  if (detail.data === undefined) return <ProblemAlert error={detail.error} />
  return <JsonBlock title="Report" value={detail.data.value} />
}
