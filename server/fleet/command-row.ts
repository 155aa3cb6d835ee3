import type { DeviceCommandDetail, DeviceCommandResult, DeviceCommandView } from '#protocol/device-commands.ts'

/** A command as the records have it, with the name of its device. */
export interface CommandRow {
  readonly id: string
  readonly device_id: string
  readonly device_name: string
  readonly command: string
  readonly args: string
  readonly state: 'sent' | DeviceCommandResult['state']
  readonly code: string | null
  readonly message: string | null
  readonly value: string | null
  readonly sent_at: string
  readonly deadline: string
  readonly answered_at: string | null
  readonly sent_by: string
  readonly idempotency_key: string | null
  readonly has_screenshot: boolean | number
}

/** The code of a command that could not be published; a repetition with the same idempotency key sends it again. */
export const notPublished = 'not_published'

/** Whether a device may still be told to begin it. */
export function isOpen({ state, code, deadline }: CommandRow, now: number): boolean {
  return (state === 'sent' || code === notPublished) && Date.parse(deadline) > now
}

export function commandViewOf(row: CommandRow, now: number): DeviceCommandView {
  return {
    id: row.id,
    device: { id: row.device_id, name: row.device_name },
    command: row.command,
    args: JSON.parse(row.args),
    // Found out when somebody looks: no clock has to have run for it to be true.
    state: row.state === 'sent' && Date.parse(row.deadline) <= now ? 'no_answer' : row.state,
    code: row.code,
    message: row.message,
    sentAt: row.sent_at,
    deadline: row.deadline,
    answeredAt: row.answered_at,
    sentBy: row.sent_by,
    screenshot: Boolean(row.has_screenshot),
  }
}

export function commandDetailOf(row: CommandRow, now: number): DeviceCommandDetail {
  return { ...commandViewOf(row, now), value: row.value === null ? null : JSON.parse(row.value) }
}
