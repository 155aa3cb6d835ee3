import { expect, test } from 'vitest'
import type { TaskView } from '#protocol/tasks.ts'
import { createProgressLine, progressText } from './progress-line.ts'

const task = { state: 'running', progress: 0.5, note: 'page 3', tries: 1 } as TaskView

test('a bar shows how much is done, what it is at, and whether the server is away', () => {
  expect(progressText(task, false)).toBe('[############------------]  50 % running, page 3')
  expect(progressText({ ...task, state: 'waiting', progress: null, note: null }, false)).toBe(
    `[${'-'.repeat(24)}] waiting`,
  )
  expect(progressText({ ...task, progress: 1, tries: 2 }, false)).toBe(
    `[${'#'.repeat(24)}] 100 % running, try 2, page 3`,
  )
  expect(progressText(task, true)).toMatch(/offline: the task goes on/)
})

test('a note steers no terminal', () => {
  expect(progressText({ ...task, note: 'a\u001b[2Jb' }, false)).not.toContain('\u001b')
})

test('a line is drawn over and fits, on a terminal only', () => {
  const draw = (isTTY: boolean) => {
    const written: string[] = []
    const out = { isTTY, columns: 20, write: (text: string) => written.push(text) > 0 }
    const line = createProgressLine(out as unknown as NodeJS.WriteStream)
    line.show(task)
    line.setOffline(true)
    line.setOffline(true)
    line.clear()
    return written.join('')
  }
  expect(draw(true).split('\r')).toEqual(['', '[############------\u001b[K', '[############------\u001b[K', '\u001b[K'])
  expect(draw(false)).toBe('')
})
