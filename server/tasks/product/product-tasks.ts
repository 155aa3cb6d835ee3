import type { TaskDefinition } from '../definition.ts'
import { add } from './add.ts'

/** The tasks that come with the product. */
export const productTasks: readonly TaskDefinition[] = [add as TaskDefinition]
