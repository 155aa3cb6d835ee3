import { type DeviceStatus, reportedUrl } from '#protocol/device-report.ts'
import type { DeviceName, Fleet } from './fleet.ts'
import { FleetRefusal } from './fleet-refusal.ts'
import type { TellOperators } from './news.ts'
import type { StatusRecords } from './status-records.ts'

/** Of one device, that wait to be written. */
const longestQueue = 16

export interface ReportsParts {
  readonly records: StatusRecords
  readonly tell: TellOperators
  readonly clock: () => number
}

/** Takes what devices say of themselves, of each in its order, so that what is seen last is what was said last. */
export function createReports({ records, tell, clock }: ReportsParts): Fleet['report'] {
  const queues = new Map<string, { last: Promise<void>; length: number }>()

  async function take({ id, name }: DeviceName, status: DeviceStatus, at: number): Promise<void> {
    const kept = await records.keep(id, withoutSecrets(status), at)
    if (kept !== null) await tell(name, { type: 'status', status: kept })
  }

  return async (device, status) => {
    const at = clock()
    const queue = queues.get(device.id) ?? { last: Promise.resolve(), length: 0 }
    if (queue.length >= longestQueue) {
      throw new FleetRefusal('unavailable', 'Reports come faster than they can be kept. Send the newest in a second.')
    }
    queues.set(device.id, queue)
    queue.length++
    const taken = queue.last
      .then(() => take(device, status, at))
      .finally(() => {
        if (--queue.length === 0) queues.delete(device.id)
      })
    // What went wrong with one is told to whoever sent it, and does not stop the next.
    queue.last = taken.catch(() => {})
    return taken
  }
}

/** Our own app leaves them out by itself. */
function withoutSecrets({ shell, health }: DeviceStatus): DeviceStatus {
  return { shell: { ...shell, url: reportedUrl(shell.url) }, health }
}
