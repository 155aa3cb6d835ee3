import type { TaskDefinition } from '../definition.ts'
import { add } from './add.ts'
import { exportHistory } from './export.ts'
import { fleetReport } from './fleet-report.ts'
import { webhook } from './webhook.ts'

/** The tasks that come with the product. */
export const productTasks = [add, exportHistory, fleetReport, webhook] as unknown as readonly TaskDefinition[]
