import { z } from 'zod'
import { type DeviceCommandResult, deviceCommandResult } from '#protocol/device-commands.ts'

/**
 * What a device remembers of its commands, so that each has one effect and one result, whatever is delivered again and
 * whenever the app ends. Kept in a file; every function here gives the next ledger.
 */
export const ledger = z.object({
  /** Whose commands these are: a device that was enrolled anew begins with an empty ledger. */
  device: z.string(),
  /** The one that is being carried out, since when, and by which run of the app and of the machine. */
  begun: z.object({ id: z.uuid(), command: z.string(), run: z.string(), boot: z.string().nullable() }).nullable(),
  /** Results that the server has not got yet, oldest first. */
  results: z.array(deviceCommandResult),
  /** Ids of which the server has the result, oldest first. */
  reported: z.array(z.uuid()),
})
export type Ledger = z.infer<typeof ledger>

/** This run of the app, and of the machine as far as the system tells. */
export interface Run {
  readonly run: string
  readonly boot: string | null
}

/** While so many results wait for the server nothing new is begun: its result could not be kept. */
export const maxResults = 100
/**
 * More than the server's history of the channel holds (1,000): what is delivered again out of it is known. Of what the
 * server has a result it never sends again by itself.
 */
const maxReported = 1200

export function emptyLedger(device: string): Ledger {
  return { device, begun: null, results: [], reported: [] }
}

export function isKnown(of: Ledger, id: string): boolean {
  return of.begun?.id === id || of.results.some((result) => result.id === id) || of.reported.includes(id)
}

export function isFull({ results }: Ledger): boolean {
  return results.length >= maxResults
}

export function begin(of: Ledger, id: string, command: string, run: Run): Ledger {
  return { ...of, begun: { id, command, ...run } }
}

export function end(of: Ledger, result: DeviceCommandResult): Ledger {
  return { ...of, begun: of.begun?.id === result.id ? null : of.begun, results: [...of.results, result] }
}

export function report(of: Ledger, id: string): Ledger {
  return {
    ...of,
    results: of.results.filter((result) => result.id !== id),
    reported: [...of.reported, id].slice(-maxReported),
  }
}

/** After a start: how that ended which was begun in the run before, as far as this run can know. */
export function resume(of: Ledger, now: Run): Ledger {
  return of.begun === null ? of : end(of, outcomeOf(of.begun, now))
}

function outcomeOf(begun: NonNullable<Ledger['begun']>, now: Run): DeviceCommandResult {
  const { id } = begun
  if (begun.command === 'restart-app') return { id, state: 'done', code: null, message: 'The app has started again.' }
  if (begun.command === 'reboot') {
    // Where the system does not tell one start of the machine from another, nobody knows.
    if (begun.boot !== null && now.boot !== null && begun.boot !== now.boot) {
      return { id, state: 'done', code: null, message: 'The machine has started again.' }
    }
    const message = 'The app has started again, but the machine has not. Look at the journal of the machine.'
    return { id, state: 'failed', code: 'not_rebooted', message }
  }
  const message =
    'The app ended while this was being carried out: it may have happened or not. Send it again if need be.'
  return { id, state: 'failed', code: 'interrupted', message }
}
