import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { keepOpen, restartCode } from './keep-open.ts'

const never = new AbortController().signal

test('what asks to be opened again is, until it ends otherwise', async () => {
  const codes = [restartCode, restartCode, 3]
  let opened = 0
  const code = await keepOpen(() => ending(codes[opened++] ?? 0), never)
  expect({ code, opened }).toEqual({ code: 3, opened: 3 })
})

test('what a signal has ended is not opened again', async () => {
  let opened = 0
  const code = await keepOpen(() => {
    opened++
    return spawn(process.execPath, ['--eval', 'process.kill(process.pid, "SIGTERM")'])
  }, never)
  expect({ code, opened }).toEqual({ code: null, opened: 1 })
})

test('what asks while everything ends is not opened again', async () => {
  const ended = new AbortController()
  let opened = 0
  const code = await keepOpen(() => {
    opened++
    ended.abort()
    return ending(restartCode)
  }, ended.signal)
  expect({ code, opened }).toEqual({ code: 0, opened: 1 })
})

function ending(code: number) {
  return spawn(process.execPath, ['--eval', `process.exit(${code})`])
}
