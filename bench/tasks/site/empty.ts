import type { TaskKit } from '#server/tasks/definition.ts'

// biome-ignore lint/style/noDefaultExport: so that a folder of tasks is read
export default ({ z, task }: TaskKit) =>
  task({ name: 'bench.empty', description: 'Does nothing.', arguments: z.object({}), run: () => null })
