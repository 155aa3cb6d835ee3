import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskKit } from '#server/tasks/definition.ts'

class PaperJam extends Error {
  override readonly name = 'PaperJam'
  readonly args: readonly unknown[]
  constructor(...args: readonly unknown[]) {
    super(String(args[0]))
    this.args = args
  }
}

/** What the tests run in our worker. */
// biome-ignore lint/style/noDefaultExport: so that a folder of tasks is read
export default ({ z, task }: TaskKit) => {
  const description = 'For a test.'
  const number = z.number()
  return [
    task({ name: 'js.add', description, arguments: z.object({ x: number, y: number }), run: ({ x, y }) => x + y }),
    task({
      name: 'js.sum',
      description,
      arguments: z.object({ values: z.array(number) }),
      run: ({ values }) => values.reduce((a, b) => a + b, 0),
    }),
    task({ name: 'js.echo', description, arguments: z.object({ value: z.unknown() }), run: ({ value }) => value }),
    task({ name: 'js.noop', description, arguments: z.object({}), run: () => null }),
    task({
      name: 'js.fail',
      description,
      arguments: z.object({ kind: z.string() }),
      run({ kind }) {
        if (kind === 'own') throw new PaperJam('tray 2', 7)
        throw Object.assign(new Error('bad ☃'), { name: 'ValueError', args: ['bad ☃', 1] })
      },
    }),
    task({
      name: 'js.steps',
      description,
      arguments: z.object({}),
      async run(_, { progress }) {
        await sleep(100)
        progress(0.5, 'half')
        await sleep(300)
        return 'done'
      },
    }),
    task({
      name: 'js.sleep',
      description,
      arguments: z.object({ seconds: number }),
      async run({ seconds }, { signal }) {
        await sleep(seconds * 1000, undefined, { signal })
        return 'slept'
      },
    }),
    task({
      name: 'js.spin',
      description,
      arguments: z.object({}),
      run() {
        for (;;);
      },
    }),
    task({
      name: 'js.flaky',
      description,
      arguments: z.object({ failures: number }),
      retry: { times: 3, delay: 0.2 },
      run({ failures }, context) {
        if (context.try <= failures) throw Object.assign(new Error(`try ${context.try}`), { name: 'OSError' })
        return context.try
      },
    }),
    task({
      name: 'js.mark',
      description,
      arguments: z.object({ file: z.string(), text: z.string() }),
      run: ({ file, text }) => appendFileSync(file, `${text}\n`),
    }),
    ...(['late', 'early'] as const).map((acknowledge) =>
      task({
        name: `js.hold_${acknowledge}`,
        description,
        acknowledge,
        arguments: z.object({ file: z.string() }),
        /** Until there is a file beside its own that ends in `.go`. */
        async run({ file }, { signal }) {
          appendFileSync(file, 'begin\n')
          while (!existsSync(`${file}.go`)) await sleep(20, undefined, { signal })
          appendFileSync(file, 'end\n')
          return 'held'
        },
      }),
    ),
  ]
}
