import { join } from 'node:path'
import { expect, test } from 'vitest'
import { moduleOf } from './faults.ts'

const modules = ['/srv/site/hooks/site.mjs', '/srv/site/hooks/other.mjs']
const ours = join(import.meta.dirname, '../realtime/hub.ts')

function fault(...frames: readonly string[]): Error {
  return Object.assign(new Error('broken'), {
    stack: ['Error: broken', ...frames.map((at) => `    at ${at}`)].join('\n'),
  })
}

test.each([
  ['a frame of a module', fault('f (file:///srv/site/hooks/other.mjs:3:9)'), modules[1]],
  ['a module that the server called', fault('f (file:///srv/site/hooks/site.mjs:3:9)', `g (${ours}:1:1)`), modules[0]],
  ['frames of Node alone', fault('node:internal/deps/undici/undici:15:1'), modules.join(', ')],
  ['something that is no error', 'no', modules.join(', ')],
  ['the server itself', fault(`g (${ours}:1:1)`), null],
])('%s', (_what, error, module) => {
  expect(moduleOf(error, modules)).toBe(module)
})

test('without hook modules everything is the server itself', () => {
  expect(moduleOf(fault('node:internal/deps/undici/undici:15:1'), [])).toBeNull()
})
