import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { CliError } from './cli-error.ts'
import { devicesCommand } from './commands/devices.ts'
import { doctorCommand } from './commands/doctor.ts'
import { keyCommand } from './commands/key.ts'
import { loginCommand } from './commands/login.ts'
import { publishCommand } from './commands/publish.ts'
import { serveCommand } from './commands/serve.ts'
import { tailCommand } from './commands/tail.ts'
import { userCommand } from './commands/user.ts'
import type { CliContext } from './context.ts'

/** Runs one command and answers its exit code: 0 done, 1 failed (also when the command set it), 2 wrong usage. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const program = createProgram(context)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return report(error, argv.includes('--json'))
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command('carillon')
    .description('One small server that rings every screen.')
    .version(packageJson.version)
    .showHelpAfterError('(carillon --help shows what there is)')
    .exitOverride()
  const commands = [
    serveCommand,
    userCommand,
    keyCommand,
    publishCommand,
    tailCommand,
    devicesCommand,
    loginCommand,
    doctorCommand,
  ]
  for (const create of commands) program.addCommand(withExits(create(context)))
  return program
}

function withExits(command: Command): Command {
  command.exitOverride()
  for (const each of command.commands) withExits(each)
  return command
}

function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const { code, message, exitCode } = describe(error)
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`carillon: ${message} [${code}]\n`)
  return exitCode
}

function describe(error: unknown): { code: string; message: string; exitCode: number } {
  if (error instanceof CliError) return error
  const known = error instanceof Error && 'code' in error && typeof error.code === 'string'
  if (known && error.name !== 'Error') return { code: error.code as string, message: error.message, exitCode: 1 }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'internal', message: `Something went wrong inside. Please report this:\n${detail}`, exitCode: 1 }
}
