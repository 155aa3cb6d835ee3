import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskKit } from '#server/tasks/definition.ts'

/** What `client_tasks.py` has, for a server that carries it out itself. */
// biome-ignore lint/style/noDefaultExport: so that a folder of tasks is read
export default ({ z, task }: TaskKit) => {
  const description = 'For a test.'
  const number = z.number()
  return [
    task({
      name: 'py.echo',
      description,
      arguments: z.object({ text: z.string(), nothing: z.null(), list: z.array(z.unknown()) }),
      run: (args) => [[], args],
    }),
    task({
      name: 'py.fail_with_two',
      description,
      arguments: z.object({}),
      run() {
        throw Object.assign(new Error('bad ☃, 1'), { name: 'ValueError' })
      },
    }),
    task({
      name: 'py.steps',
      description,
      arguments: z.object({ count: number, seconds: number }),
      async run({ count, seconds }, { progress }) {
        for (let step = 1; step <= count; step += 1) {
          await sleep(seconds * 1000)
          progress(step / count, `step ${step}`)
        }
        return 'done'
      },
    }),
    task({
      name: 'py.flaky',
      description,
      arguments: z.object({ failures: number }),
      retry: { times: 3, delay: 0.2 },
      run({ failures }, context) {
        if (context.try <= failures) throw Object.assign(new Error(`try ${context.try}`), { name: 'OSError' })
        return context.try - 1
      },
    }),
    task({
      name: 'py.sleep',
      description,
      arguments: z.object({ seconds: number }),
      async run({ seconds }, { signal }) {
        await sleep(seconds * 1000, undefined, { signal })
        return 'slept'
      },
    }),
    task({ name: 'py.now', description, arguments: z.object({}), run: () => Date.now() / 1000 }),
    task({
      name: 'py.spin',
      description,
      arguments: z.object({}),
      run() {
        for (;;);
      },
    }),
  ]
}
