import { writeFile } from 'node:fs/promises'
import { stringify } from 'csv-stringify/sync'
import { z } from 'zod'
import type { TaskDefinition } from '../definition.ts'
import type { ProductContext } from '../threads/context.ts'

/** A line of the report. */
export interface FleetDevice {
  readonly id: string
  readonly name: string
  readonly state: 'online' | 'offline'
  readonly hostname: string
  readonly version: string
  readonly platform: string
  readonly address: string
  readonly enrolledAt: string
  readonly lastSeenAt: string | null
}

const columns = [
  'name',
  'state',
  'lastSeenAt',
  'hostname',
  'version',
  'platform',
  'address',
  'enrolledAt',
  'id',
] as const

const nothing = z.object({})

/** All devices and how they are, as a table. */
export const fleetReport: TaskDefinition<z.infer<typeof nothing>> = {
  name: 'carillon.fleet_report',
  description: 'Writes a CSV file of all devices: whether each is online, when it was last seen and what it runs.',
  arguments: nothing,
  place: 'server',
  async run(_, context) {
    const devices = (await (context as ProductContext).ask('fleet', null)) as readonly FleetDevice[]
    const rows = devices.toSorted((a, b) => a.name.localeCompare(b.name))
    // Names are given by people and shown by spreadsheets, which take some for formulas.
    const text = stringify(rows as object[], { header: true, columns: [...columns], escape_formulas: true, bom: true })
    await writeFile(await context.file('fleet.csv', 'text/csv'), text)
    return { devices: rows.length, online: rows.filter(({ state }) => state === 'online').length }
  },
}
