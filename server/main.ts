import { runCli } from './cli/program.ts'

process.exitCode = await runCli(process.argv.slice(2), {
  // Loaded when it is needed: most commands only ask a server that runs already.
  startServer: async (options) =>
    options.tcp && options.config.processes > 1
      ? (await import('./primary.ts')).startProcesses(options)
      : (await import('./compose.ts')).startServer(options),
  startWorker: async (options) => (await import('./task-worker.ts')).startTaskWorker(options),
  env: process.env,
  cwd: process.cwd(),
})
