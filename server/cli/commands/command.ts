import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import type { z } from 'zod'
import {
  type DeviceCommandDetail,
  deviceCommandNames,
  deviceCommandRequest,
  deviceCommandView,
} from '#protocol/device-commands.ts'
import { openApi } from '../api.ts'
import { CliError, usageError } from '../cli-error.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { endingOf } from '../devices/device-words.ts'
import { findDevice } from '../devices/find-device.ts'
import { followCommand } from '../devices/follow-command.ts'
import { print } from '../output.ts'
import { spanMs } from '../span.ts'
import { collect, withTarget } from '../target-options.ts'
import { parseArguments } from '../tasks/task-arguments.ts'

interface CommandFlags extends TargetFlags {
  readonly device: string
  readonly arg?: readonly string[]
  readonly expiresIn: string
  readonly wait?: boolean
  readonly dryRun?: boolean
  readonly idempotencyKey?: string
}

export function commandCommand(context: CliContext): Command {
  const command = new Command('command')
    .description('tell a screen what to do')
    .argument('<name>', deviceCommandNames.join(', '))
    .requiredOption('--device <name>', 'the screen; "carillon devices" lists them')
    .option('--arg <name=value>', 'an argument; may be given several times; or all of them once, as JSON', collect)
    .option('--expires-in <span>', 'how long it may still be begun, from 5s to 7d', '60s')
    .option('--wait', 'wait for its end and print what it brought')
    .option('--dry-run', 'check it and say what would be sent, and send nothing')
    .option('--idempotency-key <key>', 'sent twice with this key, it is one command')
    .addHelpText(
      'after',
      `
Examples:
  carillon command reload --device lobby-1
  carillon command show --device lobby-1 --arg url=https://signs.example.org/today --expires-in 12h
  carillon command show --device lobby-1 --arg message='Doors open at nine'
  carillon command display --device lobby-1 --arg on=false --wait
  carillon command diagnostics --device lobby-1 --wait --json

Exit codes:
  0  sent, or with --wait: done
  1  not sent, or with --wait: not done
  2  wrong usage: nothing was sent`,
    )
    .action(async (name: string, flags: CommandFlags) => {
      const request = requestOf(name, flags)
      await using api = await openApi(context, flags, { offline: false })
      const device = await findDevice(api, flags.device)
      if (flags.dryRun) {
        const words = `Would send ${name} ${JSON.stringify(request.args)} to ${device.name}, which is ${device.online ? 'online' : 'offline'}.`
        return print(flags.json, { dryRun: true, device: device.name, ...request }, words)
      }
      const key = flags.idempotencyKey ?? randomUUID()
      const path = `/api/v1/devices/${encodeURIComponent(device.id)}/commands`
      const sent = await api.call('POST', path, deviceCommandView, request, key).catch((error: unknown) => {
        throw repeatable(error, key)
      })
      if (flags.wait) return finish(await followCommand(api, sent), flags)
      const later = device.online ? '' : ` It is offline and gets it when it is back, until ${sent.deadline}.`
      print(flags.json, sent, `Sent ${name} to ${device.name}.${later}`)
    })
  return withTarget(command)
}

function requestOf(command: string, { arg, expiresIn }: CommandFlags): z.output<typeof deviceCommandRequest> {
  const parsed = deviceCommandRequest.safeParse({
    ...{ command, expiresIn: spanMs(expiresIn) / 1000 },
    ...(arg !== undefined && { args: parseArguments(arg, ['message', 'title', 'url']) }),
  })
  if (parsed.success) return parsed.data
  const [{ path, message } = { path: [], message: 'Not a command.' }] = parsed.error.issues
  const sentence =
    path[0] === 'command' ? message : `${path.join('.').replace('expiresIn', '--expires-in')}: ${message}`
  throw usageError('bad_request', sentence)
}

/** Says how to send it again where it may have been sent. */
function repeatable(error: unknown, key: string): unknown {
  if (!(error instanceof CliError) || !['unavailable', 'server_unreachable'].includes(error.code)) return error
  return new CliError(error.code, `${error.message} To send it once and not twice, add --idempotency-key ${key}`, {
    cause: error,
  })
}

/** What it brought goes to standard output; what went wrong is an error of the command. */
function finish(command: DeviceCommandDetail, { json }: TargetFlags): void {
  if (json) {
    print(true, command, '')
    if (command.state !== 'done') process.exitCode = 1
    return
  }
  if (command.state !== 'done') throw new CliError(command.code ?? `command_${command.state}`, endingOf(command))
  print(false, command, command.value === null ? endingOf(command) : JSON.stringify(command.value, null, 2))
}
