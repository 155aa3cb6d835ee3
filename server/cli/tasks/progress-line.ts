import type { TaskView } from '#protocol/tasks.ts'
import { visible } from '../output.ts'

/** One line on a terminal that tells how far a task is. */
export interface ProgressLine {
  show(task: TaskView): void
  setOffline(isOffline: boolean): void
  clear(): void
}

/** Nothing is written where nobody watches: in a file or a pipe it would be noise. */
export function createProgressLine(out: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>): ProgressLine {
  let task: TaskView | null = null
  let isOffline = false
  const draw = (): void => {
    if (out.isTTY !== true || task === null) return
    out.write(`\r${progressText(task, isOffline).slice(0, (out.columns || 80) - 1)}\u001b[K`)
  }
  return {
    show(next) {
      task = next
      draw()
    },
    setOffline(offline) {
      if (offline === isOffline) return
      isOffline = offline
      draw()
    },
    clear() {
      if (out.isTTY === true) out.write('\r\u001b[K')
    },
  }
}

const barWidth = 24

export function progressText({ state, progress, note, tries }: TaskView, isOffline: boolean): string {
  const done = Math.round((progress ?? 0) * barWidth)
  const bar = `[${'#'.repeat(done)}${'-'.repeat(barWidth - done)}]`
  const percent = progress === null ? '' : ` ${String(Math.floor(progress * 100)).padStart(3)} %`
  const words = [
    state,
    ...(tries > 1 ? [`try ${tries}`] : []),
    ...(note === null ? [] : [visible(note)]),
    ...(isOffline ? ['offline: the task goes on, waiting for the server'] : []),
  ]
  return `${bar}${percent} ${words.join(', ')}`
}
