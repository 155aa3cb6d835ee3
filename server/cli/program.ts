import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { sentenceOf } from '#protocol/sentences.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { CliError } from './cli-error.ts'
import { auditCommand } from './commands/audit.ts'
import { commandCommand } from './commands/command.ts'
import { devicesCommand } from './commands/devices.ts'
import { doctorCommand } from './commands/doctor.ts'
import { keyCommand } from './commands/key.ts'
import { loginCommand } from './commands/login.ts'
import { oauthClientCommand } from './commands/oauth-client.ts'
import { publishCommand } from './commands/publish.ts'
import { serveCommand } from './commands/serve.ts'
import { tailCommand } from './commands/tail.ts'
import { taskCommand } from './commands/task.ts'
import { userCommand } from './commands/user.ts'
import { workerCommand } from './commands/worker.ts'
import type { CliContext } from './context.ts'

/** Runs one command and answers its exit code: 0 done, 1 failed (also when the command set it), 2 wrong usage. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const json = argv.includes('--json')
  z.config({ customError: sentenceOf })
  const program = createProgram(context)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return report(error, json)
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command('carillon')
    .description('One small server that rings every screen.')
    .version(packageJson.version)
    // What stands after a command is that command's, also where the one above has an option of the same name.
    .enablePositionalOptions()
    .addHelpText('after', '\nExit codes:\n  0  done\n  1  failed\n  2  wrong usage: nothing was sent')
  const commands = [
    serveCommand,
    workerCommand,
    userCommand,
    keyCommand,
    oauthClientCommand,
    publishCommand,
    tailCommand,
    taskCommand,
    devicesCommand,
    commandCommand,
    auditCommand,
    loginCommand,
    doctorCommand,
  ]
  for (const create of commands) program.addCommand(create(context))
  return withExits(program)
}

function withExits(command: Command): Command {
  // Its sentence is printed by `report`, as every other one is.
  command.exitOverride().configureOutput({ outputError: () => {} })
  for (const each of command.commands) withExits(each)
  return command
}

function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const { code, message, exitCode } = describe(error)
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`carillon: ${message} [${code}]\n`)
  return exitCode
}

function describe(error: unknown): { code: string; message: string; exitCode: number } {
  if (error instanceof CliError) return error
  if (error instanceof CommanderError) {
    // A command with subcommands but without one of them has shown its help.
    const said = error.code === 'commander.help' ? 'Name one of the commands above.' : error.message
    const message = `${said.replace(/^error: /, '')} (carillon --help shows what there is)`
    return { code: 'usage', message, exitCode: 2 }
  }
  const known = error instanceof Error && 'code' in error && typeof error.code === 'string'
  if (known && error.name !== 'Error') return { code: error.code as string, message: error.message, exitCode: 1 }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'internal', message: `Something went wrong inside. Please report this:\n${detail}`, exitCode: 1 }
}
