import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { postgresProgram } from './test/support/postgres-programs.ts'
import { SummaryReporter } from './test/support/summary-reporter.ts'

const viewTests = 'test/renderer/**/*.test.ts'

/** What goes by the clock, or has the machine do all it can: one file at a time, and nothing beside it. */
const alone = [
  'test/app/kiosk-faults.test.ts',
  'test/e2e/faults.test.ts',
  'test/faults/*.test.ts',
  'test/ingest/storm.test.ts',
  'test/broker/redis-faults.test.ts',
  'test/realtime/{load,promises,rate-limit,several-nodes,sigkill,write-timeout}.test.ts',
  'test/server/{http-defence,restart,revocation,several-nodes,sign-in-storm}.test.ts',
  'test/tasks/{sigkill,ten-thousand}.test.ts',
]
/** What is about PostgreSQL alone. */
const postgresTests = 'server/**/postgres-*.test.ts'

// In CI one that is missing fails the run.
const runsOnPostgres = process.env.CI === 'true' || postgresProgram('initdb') !== null
if (!runsOnPostgres) console.error('Skipped identity on PostgreSQL: apt-get install postgresql')

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{protocol,server,main,preload,renderer,native,build,bench}/**/*.test.{ts,tsx}'],
          exclude: [postgresTests],
          testTimeout: 10_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Identity once more, with its records on PostgreSQL instead of in a file.
        test: {
          name: 'postgres',
          include: runsOnPostgres
            ? ['server/{auth,fleet}/**/*.test.ts', 'server/tasks/{records/**/*,create-tasks}.test.ts', postgresTests]
            : [],
          exclude: ['**/sqlite-*.test.ts'],
          globalSetup: runsOnPostgres ? ['test/support/postgres-setup.ts'] : [],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          maxWorkers: '100%',
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Pages in a browser, against servers that are made up: nothing here goes by the clock.
        test: {
          name: 'views',
          include: [viewTests],
          maxWorkers: '100%',
          testTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: alone,
          fileParallelism: false,
          testTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        // Real programs and windows, which wait for each other more than they compute: so one more than there are cores.
        test: {
          name: 'e2e-sharing',
          include: ['test/**/*.test.ts'],
          exclude: [viewTests, ...alone],
          maxWorkers: availableParallelism() + 1,
          testTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
          sequence: { groupOrder: 5 },
        },
      },
      {
        // Whole servers with their records on PostgreSQL.
        test: {
          name: 'e2e-postgres',
          include: runsOnPostgres
            ? ['test/server/{audit,device-commands,main-job,oauth,passkeys,sign-in,tokens}.test.ts']
            : [],
          globalSetup: runsOnPostgres ? ['test/support/postgres-setup.ts'] : [],
          setupFiles: ['test/support/postgres-servers.ts'],
          maxWorkers: '100%',
          testTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
          hookTimeout: 60_000,
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
})
