import { defineConfig } from 'vitest/config'
import { SummaryReporter } from './test/support/summary-reporter.ts'

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{protocol,server,main,preload,renderer,native,build,bench}/**/*.test.{ts,tsx}'],
          testTimeout: 10_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Real programs, windows and clocks: one file at a time, after the unit tests, so that they do not slow
        // each other down.
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          expect: { poll: { timeout: 5_000 } },
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
