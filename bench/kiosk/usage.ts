import { z } from 'zod'
import { processTree, type TreeProcess } from '../../test/support/process-tree.ts'
import type { Sample } from './growth.ts'
import type { Kiosk } from './open-kiosk.ts'

/** Of what `diagnostics` brings. */
const diagnosed = z.object({ app: z.object({ heap: z.number(), waitsFor: z.record(z.string(), z.number()) }) })

/** What the app takes now. */
export async function usageOf(kiosk: Kiosk): Promise<Omit<Sample, 'switches' | 'seconds'>> {
  const id = await kiosk.tell('diagnostics')
  const { app } = diagnosed.parse((await kiosk.desk.look(id)).value)
  const processes = processTree(kiosk.pid)
  const byPart: Record<string, number> = {}
  for (const [index, one] of processes.entries()) {
    const part = partOf(one, processes.slice(0, index))
    byPart[part] = (byPart[part] ?? 0) + one.megabytes
  }
  const sum = (of: (one: TreeProcess) => number) => processes.reduce((total, one) => total + of(one), 0)
  return {
    ...{ megabytes: sum(({ megabytes }) => megabytes), own: sum(({ ownMegabytes }) => ownMegabytes) },
    ...{ byPart, processes: processes.length },
    ...{ threads: sum(({ threads }) => threads), openFiles: sum(({ openFiles }) => openFiles) },
    heap: app.heap / 2 ** 20,
    waitsFor: Object.values(app.waitsFor).reduce((total, count) => total + count, 0),
  }
}

/** The first renderer is that of our own page, which lives as long as the app. */
function partOf({ type }: TreeProcess, earlier: readonly TreeProcess[]): string {
  switch (type) {
    case 'renderer':
      return earlier.some((one) => one.type === 'renderer') ? 'the page' : 'our page'
    case 'gpu-process':
      return 'GPU'
    case 'utility':
      return 'network'
    case 'zygote':
      return 'zygotes'
    default:
      return type
  }
}
