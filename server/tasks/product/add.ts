import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { TaskDefinition } from '../definition.ts'

const sum = z.object({
  x: z.number().describe('The first number'),
  y: z.number().describe('The second number'),
  seconds: z
    .number()
    .min(0)
    .max(60, 'It takes at most 60 seconds.')
    .default(0)
    .describe('How long to take, telling its progress'),
})

/** The smoke test: whether tasks are carried out, and how quickly. */
export const add: TaskDefinition<z.infer<typeof sum>> = {
  name: 'carillon.add',
  description: 'Adds two numbers. A test of whether tasks are carried out, which takes as long as it is told to.',
  arguments: sum,
  roles: ['admin', 'operator', 'viewer', 'device'],
  async run({ x, y, seconds }, { progress, signal }) {
    const steps = Math.ceil(seconds * 4)
    for (let step = 0; step < steps; step++) {
      progress(step / steps, `${Math.round((step / steps) * 100)} %`)
      await pause((seconds * 1000) / steps, undefined, { signal })
    }
    return x + y
  },
}
