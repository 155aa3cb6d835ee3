import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Outcome } from '#protocol/ipc.ts'
import type { Log } from '../log.ts'
import { done, failed } from '../outcome.ts'
import type { Run } from './ledger.ts'

/** What may be started anew from afar or at the screen. */
export interface Machine {
  readonly run: Run
  restartApp(): void
  /** Starts the machine anew; null where this app may not. Resolves once the system has agreed to do so. */
  readonly reboot: (() => Promise<Outcome>) | null
}

export interface MachineOptions {
  /** The program that does it, with its arguments; null where it is not allowed. */
  readonly reboot: readonly [string, ...string[]] | null
  readonly log: Log
  restartApp(): void
}

/** Milliseconds that the system may take to agree. */
const patience = 30_000

export async function openMachine({ reboot, log, restartApp }: MachineOptions): Promise<Machine> {
  return {
    run: { run: randomUUID(), boot: await bootId() },
    restartApp,
    reboot: reboot === null ? null : () => start(reboot, log),
  }
}

/** Linux names each of its starts; other systems do not. */
async function bootId(): Promise<string | null> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  return id.trim() || null
}

function start([program, ...args]: readonly [string, ...string[]], log: Log): Promise<Outcome> {
  log.warn('rebooting', { program })
  return new Promise((resolve) => {
    execFile(program, args, { timeout: patience }, (error, _stdout, stderr) => {
      if (error === null) return resolve(done)
      const reason = stderr.trim() || error.message
      log.error('not rebooted', { error: reason })
      resolve(failed('reboot_failed', `The machine could not be started anew: ${reason}`.slice(0, 1000)))
    })
  })
}
