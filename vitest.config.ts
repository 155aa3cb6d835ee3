import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { patienceMs } from './test/support/patience.ts'
import { postgresProgram } from './test/support/postgres-programs.ts'
import { SummaryReporter } from './test/support/summary-reporter.ts'

const viewTests = 'test/renderer/**/*.test.ts'

/** What goes by the clock, or has the machine do all it can: one file at a time, and nothing beside it. */
const alone = [
  'test/app/kiosk-faults.test.ts',
  'test/faults/silent-sockets.test.ts',
  'test/realtime/{load,promises,rate-limit,sigkill}.test.ts',
  'test/server/{restart,revocation,sign-in-storm}.test.ts',
]
/** What goes by the clock too, but waits most of the time. */
const waiting = [
  'test/broker/redis-faults.test.ts',
  'test/faults/two-nodes.test.ts',
  'test/realtime/{several-nodes,write-timeout}.test.ts',
  'test/server/{http-defence,several-nodes}.test.ts',
]
/** What has the machine do all it can, however long that takes. */
const loading = ['test/e2e/faults.test.ts', 'test/ingest/storm.test.ts', 'test/tasks/{sigkill,ten-thousand}.test.ts']
/** What is about PostgreSQL alone. */
const postgresTests = 'server/**/postgres-*.test.ts'

// In CI one that is missing fails the run.
const runsOnPostgres = process.env.CI === 'true' || postgresProgram('initdb') !== null
if (!runsOnPostgres) console.error('Skipped identity on PostgreSQL: apt-get install postgresql')

// Only a test that fails waits so long. What must be there sooner is measured.
const patient = {
  setupFiles: ['test/support/patient-waits.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: patienceMs } },
}

export default defineConfig({
  test: {
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        test: {
          ...patient,
          name: 'unit',
          include: ['{protocol,server,main,preload,renderer,native,build,bench}/**/*.test.{ts,tsx}'],
          exclude: [postgresTests],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Identity once more, with its records on PostgreSQL instead of in a file.
        test: {
          ...patient,
          name: 'postgres',
          include: runsOnPostgres
            ? ['server/{auth,fleet}/**/*.test.ts', 'server/tasks/{records/**/*,create-tasks}.test.ts', postgresTests]
            : [],
          exclude: ['**/sqlite-*.test.ts'],
          globalSetup: runsOnPostgres ? ['test/support/postgres-setup.ts'] : [],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Pages in a browser, against servers that are made up: nothing here goes by the clock.
        test: {
          ...patient,
          name: 'views',
          include: [viewTests],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...patient,
          name: 'e2e',
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...patient,
          name: 'e2e-waiting',
          include: waiting,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...patient,
          name: 'e2e-loading',
          include: loading,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
      {
        // Real programs and windows, which wait for each other more than they compute: so one more than there are cores.
        test: {
          ...patient,
          name: 'e2e-sharing',
          include: ['test/**/*.test.ts'],
          exclude: [viewTests, ...alone, ...waiting, ...loading],
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 5 },
        },
      },
      {
        // Whole servers with their records on PostgreSQL.
        test: {
          ...patient,
          name: 'e2e-postgres',
          include: runsOnPostgres
            ? ['test/server/{audit,device-commands,main-job,oauth,passkeys,sign-in,tokens}.test.ts']
            : [],
          globalSetup: runsOnPostgres ? ['test/support/postgres-setup.ts'] : [],
          setupFiles: [...patient.setupFiles, 'test/support/postgres-servers.ts'],
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
