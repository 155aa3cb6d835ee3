import { totalmem } from 'node:os'
import { join } from 'node:path'
import { app, type BrowserWindow } from 'electron'
import type { ShellState } from '#protocol/device-report.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import type { Arguments } from './arguments.ts'
import type { Log } from './log.ts'
import { webOriginOf } from './shell/allowed-origins.ts'
import { createClock } from './shell/clock.ts'
import { usualLimits } from './shell/content.ts'
import { createShell } from './shell/create-shell.ts'
import { startHeartbeat } from './shell/heartbeat.ts'
import { openLastGood } from './shell/last-good.ts'
import { startNotice } from './shell/notice.ts'
import { chooseProfile, chromiumSwitches, memoryCeiling } from './shell/profile.ts'
import type { Shell } from './shell/shell.ts'

export interface KioskShellOptions {
  readonly window: BrowserWindow
  readonly server: string
  readonly args: Arguments
  readonly log: Log
  onState(state: ShellState): void
  onView(view: ShellView): void
}

/** Sets what Chromium has to know before it starts. Switches that somebody gave themselves stay. */
export function prepareKiosk(args: Arguments): void {
  const switches = {
    ...chromiumSwitches(chooseProfile(args.profile, totalmem())),
    ...(args.pinchZoom ? {} : { 'disable-pinch': '' }),
    'overscroll-history-navigation': '0',
    // A page that plays when nobody touches it is what a screen on a wall is for.
    'autoplay-policy': 'no-user-gesture-required',
  }
  for (const [name, value] of Object.entries(switches)) {
    if (!app.commandLine.hasSwitch(name)) app.commandLine.appendSwitch(name, value)
  }
}

/** Puts the shell of a kiosk together, in its window. */
export function openKioskShell({ window, server, args, log, onState, onView }: KioskShellOptions): Shell {
  const memory = totalmem()
  const profile = chooseProfile(args.profile, memory)
  const clock = createClock({ server, log, onChange: () => onView(shell.view) })
  const shell = createShell({
    ...{ window, server, profile, clock, log, onState, onView },
    allowed: args.allow.flatMap((typed) => allowedOrigin(typed, log)),
    lastGood: openLastGood(join(app.getPath('userData'), 'last-good'), log),
    notice: args.notice === null ? null : startNotice(args.notice),
    pinchZoom: args.pinchZoom,
    pointer: args.pointer,
    limits: {
      ...usualLimits,
      ...(profile === 'low' && { loadMs: 30_000 }),
      ...(args.loadTimeout !== null && { loadMs: args.loadTimeout * 1000 }),
      megabytes: args.memoryCeiling ?? memoryCeiling(profile, memory),
    },
  })
  const heartbeat = startHeartbeat({
    ...{ window, file: args.heartbeat, profile, log },
    isSeen: () => shell.view.seen !== 'nothing',
  })
  log.info('shell', { profile, memory: Math.round(memory / 1024 ** 2) })
  const end = () => {
    heartbeat[Symbol.dispose]()
    clock[Symbol.dispose]()
    shell[Symbol.dispose]()
  }
  window.once('closed', end)
  return shell
}

function allowedOrigin(typed: string, log: Log): readonly string[] {
  const origin = webOriginOf(typed)
  if (origin === null)
    log.error('not an origin', { allow: typed, advice: 'Give one such as https://signs.example.org.' })
  return origin === null ? [] : [origin]
}
