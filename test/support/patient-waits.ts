import { vi } from 'vitest'
import { patienceMs } from './patience.ts'

// `expect.poll` is told in the configuration; `vi.waitFor` would give up after a second. Where a test says how long, it is so.
const { waitFor } = vi
vi.waitFor = (callback, options = {}) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: patienceMs, ...options })
