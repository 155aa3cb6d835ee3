import { type DeviceCommand, maxScreenshotBytes } from '#protocol/device-commands.ts'
import type { Screen } from '#protocol/screen.ts'
import { type Native, NativeError } from '../../native/native.ts'
import type { Shell, ShellAnswer } from '../shell/shell.ts'
import type { Effect } from './commands.ts'
import type { Machine } from './machine.ts'

/** What commands act on. */
export interface CarryOutOptions {
  readonly shell: Pick<Shell, 'reload' | 'identify' | 'capture'>
  readonly native: Pick<Native, 'setDisplayPower'>
  readonly machine: Pick<Machine, 'restartApp' | 'reboot'>
  show(screen: Screen): Promise<ShellAnswer>
  /** Sends the picture to the server under the id of its command. */
  upload(id: string, png: Buffer, signal: AbortSignal): Promise<void>
  /** Whether this device would have to be approved again after a start. */
  isForgetful(): boolean
  diagnose(): Promise<NonNullable<Extract<Effect, { state: 'done' }>['value']>>
}

/** Does what a command says, on this screen and this machine. */
export async function carryOut(command: DeviceCommand, on: CarryOutOptions, signal: AbortSignal): Promise<Effect> {
  switch (command.command) {
    case 'show': {
      const answer = await on.show(screenOf(command.args, Date.now()))
      return answer.ok ? done(shownWords(command.args)) : refused(answer.code, answer.message)
    }
    case 'reload': {
      const answer = on.shell.reload(command.args.fresh)
      return answer.ok ? done('The page is being loaded once more.') : refused(answer.code, answer.message)
    }
    case 'identify':
      on.shell.identify(command.args.seconds)
      return done(`Its name is shown for ${command.args.seconds} s.`)
    case 'screenshot':
      return takeScreenshot(command.id, on, signal)
    case 'display':
      return switchDisplay(command.args.on, on.native)
    case 'restart-app':
      if (on.isForgetful()) return refused('credential_in_memory', forgetful)
      on.machine.restartApp()
      return never // the next run says that it is there
    case 'reboot':
      return reboot(on)
    case 'diagnostics':
      return { ...done('What the device knows of itself.'), value: await on.diagnose() }
    default:
      return command satisfies never
  }
}

type ShowArguments = Extract<DeviceCommand, { command: 'show' }>['args']

function screenOf(args: ShowArguments, receivedAt: number): Screen {
  if ('url' in args) return { kind: 'page', url: args.url, receivedAt }
  if ('nothing' in args) return { kind: 'waiting' }
  const { title, message } = args
  return { kind: 'message', ...(title === undefined ? {} : { title }), message, receivedAt }
}

function shownWords(args: ShowArguments): string {
  if ('url' in args) return 'The page is being loaded.'
  return 'nothing' in args ? 'The screen is clear.' : 'The message is on the screen.'
}

async function takeScreenshot(id: string, { shell, upload }: CarryOutOptions, signal: AbortSignal): Promise<Effect> {
  const png = await shell.capture()
  if (png.byteLength > maxScreenshotBytes) {
    const message = `The picture has ${Math.ceil(png.byteLength / 2 ** 20)} MiB, more than the server takes.`
    return { state: 'failed', code: 'too_large', message }
  }
  await upload(id, png, signal)
  return done('The picture is with the server.')
}

function switchDisplay(on: boolean, native: Pick<Native, 'setDisplayPower'>): Effect {
  try {
    native.setDisplayPower(on)
    return done(on ? 'The display is on.' : 'The display is off.')
  } catch (error) {
    if (!(error instanceof NativeError)) throw error
    const cannot = error.code === 'not_available' || error.code === 'not_permitted'
    return { state: cannot ? 'refused' : 'failed', code: error.code, message: error.message }
  }
}

async function reboot({ machine, isForgetful }: Pick<CarryOutOptions, 'machine' | 'isForgetful'>): Promise<Effect> {
  if (machine.reboot === null) {
    const message = 'This device may not be started anew from afar. Whoever set it up allows that with --allow-reboot.'
    return refused('reboot_not_allowed', message)
  }
  if (isForgetful()) return refused('credential_in_memory', forgetful)
  const outcome = await machine.reboot()
  return outcome.ok ? never : { state: 'failed', code: outcome.code, message: outcome.message }
}

const forgetful =
  'Its credential is in memory only: after a start it would have to be approved again. Give the machine a keychain first.'

/** What comes next ends this run, or the time that the command has. */
const never: Promise<never> = new Promise(() => {})

function done(message: string): Extract<Effect, { state: 'done' }> {
  return { state: 'done', message }
}

function refused(code: string, message: string): Effect {
  return { state: 'refused', code, message }
}
