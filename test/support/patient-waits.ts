import { vi } from 'vitest'
import { patienceMs } from './patience.ts'

// `expect.poll` is told in the configuration; `vi.waitFor` would give up after a second.
const { waitFor } = vi
vi.waitFor = (callback, options = {}) => {
  const { timeout = 0, ...others } = typeof options === 'number' ? { timeout: options } : options
  return waitFor(callback, { ...others, timeout: Math.max(timeout, patienceMs) })
}
