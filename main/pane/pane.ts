import type { DeviceHealth } from '#protocol/device-report.ts'
import type { KioskState, Outcome } from '#protocol/ipc.ts'
import type { Answer, NetworkStep, PaneBridge, PaneFacts, PaneState } from '#protocol/pane.ts'
import type { Log } from '../log.ts'
import { done, failed } from '../outcome.ts'
import type { ServerApi } from '../server-api.ts'
import type { Shell } from '../shell/shell.ts'
import { gatherFacts } from './facts.ts'
import type { Lock } from './lock.ts'
import { readTail } from './log-tail.ts'
import { maskText } from './mask.ts'
import { checkNetwork } from './network-check.ts'
import { findPlaces, type PlacesOptions } from './places.ts'
import type { ServerSwitch } from './server-switch.ts'
import { bundleText, writeBundle } from './support-bundle.ts'
import { waysIn } from './ways-in.ts'

/**
 * The local pane without its window. It keeps by itself whether it is open: a page can ask for whatever it likes and is
 * refused until somebody has unlocked it.
 */
export interface Pane extends Disposable, Omit<PaneBridge, 'state' | 'onState' | 'onNetwork' | 'close'> {
  readonly state: PaneState
  /** Somebody asked for it, by gesture or chord. */
  open(): void
  /** Somebody touched the screen, a key or the mouse. */
  touched(): void
  /** What the kiosk is, and with it what opens the pane, has changed. */
  kioskChanged(): void
  close(): Outcome
}

export interface PaneOptions {
  readonly lock: Lock
  hasPin(): boolean
  readonly kiosk: PaneKiosk
  readonly content: Pick<Shell, 'state' | 'history' | 'reload' | 'cover'>
  health(): DeviceHealth | null
  readonly machine: PaneMachine
  readonly changeServer: ServerSwitch
  readonly places: PlacesOptions
  readonly logFile: string
  readonly about: Pick<PaneFacts, 'hostname' | 'versions' | 'startedAt' | 'restartWindow'>
  readonly log: Log
  onState(state: PaneState): void
  onNetwork(steps: readonly NetworkStep[]): void
  readonly times?: Partial<PaneTimes>
}

/** What the pane sees of the kiosk and asks of it. */
export interface PaneKiosk {
  readonly state: KioskState
  /** The origin of its server. */
  readonly server: string
  readonly api: Pick<ServerApi, 'check'>
  renewCredential(): Promise<Outcome>
  forgetCredential(): Promise<Answer<boolean>>
  /** What must not get out with a support bundle. */
  secrets(): readonly string[]
}

export interface PaneMachine {
  restartApp(): void
  /** Null where this app may not start the machine anew. */
  readonly reboot: (() => Promise<Outcome>) | null
}

/** Milliseconds. */
export interface PaneTimes {
  /** Without a touch, until it closes. */
  readonly idle: number
  /** How long before that it says so. */
  readonly notice: number
}

const usualTimes: PaneTimes = { idle: 120_000, notice: 30_000 }
const shownLogBytes = 64 * 1024
const shownLogLines = 300
const bundleLogBytes = 1024 * 1024

export function createPane(options: PaneOptions): Pane {
  const { lock, kiosk, content, machine, log } = options
  const times = { ...usualTimes, ...options.times }
  let phase: PaneState['phase'] = 'closed'
  let closesAt: number | null = null
  let timer: NodeJS.Timeout | undefined
  /** Ends with the pane. */
  let opened = new AbortController()
  let network: readonly NetworkStep[] = []
  let isChecking = false

  function view(): PaneState {
    if (phase === 'closed') return { phase }
    if (phase === 'open') return { phase, closesAt }
    const { wait } = lock
    return { phase, ...waysIn(options.hasPin(), kiosk.state), waitUntil: wait > 0 ? Date.now() + wait : null, closesAt }
  }

  function enter(next: PaneState['phase']): void {
    if (next !== phase) log.info('pane', { phase: next })
    phase = next
    content.cover(next !== 'closed')
    options.onState(view())
  }

  /** It closes by itself, and says so before. */
  function waitForTouch(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      closesAt = Date.now() + times.notice
      options.onState(view())
      timer = setTimeout(close, times.notice)
    }, times.idle - times.notice)
  }

  function close(): Outcome {
    clearTimeout(timer)
    closesAt = null
    network = []
    opened.abort(new Error('The pane was closed.'))
    if (phase !== 'closed') enter('closed')
    return done
  }

  /** Only while it is unlocked, and nothing is answered once it has been closed again. */
  async function unlocked<T extends Answer<unknown> | Outcome>(
    action: () => T | Promise<T>,
  ): Promise<T | typeof locked> {
    if (phase !== 'open') return locked
    const { signal } = opened
    const answer = await action()
    return signal.aborted ? locked : answer
  }

  async function inspectNetwork(): Promise<Answer<readonly NetworkStep[]>> {
    if (isChecking) return failed('busy', 'The check before is still running.') as typeof locked
    isChecking = true
    try {
      network = await checkNetwork({
        server: kiosk.server,
        carillon: (signal) => kiosk.api.check(signal),
        signal: opened.signal,
        onSteps: options.onNetwork,
      })
      return { ok: true, value: network }
    } catch (error) {
      if (opened.signal.aborted) return locked
      throw error
    } finally {
      isChecking = false
    }
  }

  async function logLines(mostBytes: number): Promise<readonly string[]> {
    return (await readTail(options.logFile, mostBytes)).map((line) => maskText(line, kiosk.secrets()))
  }

  async function saveBundle(id: string): Promise<Answer<string>> {
    const place = (await findPlaces(options.places)).find((one) => one.id === id)
    if (place === undefined)
      return {
        ok: false,
        code: 'no_such_place',
        message: 'It is not there any more. Put the stick in again, and choose once more.',
      }
    const now = new Date()
    const facts = gatherFacts(options)
    const text = bundleText({ facts, network, log: await logLines(bundleLogBytes) }, kiosk.secrets(), now)
    try {
      const path = await writeBundle(place.path, text, facts.name ?? facts.hostname, now)
      log.info('support bundle written', { kind: place.kind })
      return { ok: true, value: path }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      log.warn('support bundle not written', { kind: place.kind, error: reason })
      return { ok: false, code: 'not_written', message: `It could not be written to ${place.path}: ${reason}` }
    }
  }

  return {
    get state() {
      return view()
    },
    open() {
      if (phase !== 'closed') return
      opened = new AbortController()
      waitForTouch()
      enter('locked')
    },
    touched() {
      if (phase === 'closed') return
      const wasClosing = closesAt !== null
      closesAt = null
      waitForTouch()
      if (wasClosing) options.onState(view())
    },
    kioskChanged() {
      if (phase === 'locked') options.onState(view())
    },
    async unlock(way, digits) {
      if (phase !== 'locked') return failed('not_asked', 'The pane is not waiting for digits now.')
      const { signal } = opened
      const outcome = await lock.attempt(way, digits)
      if (signal.aborted) return locked // it was closed meanwhile, and stays so
      enter(outcome.ok ? 'open' : 'locked')
      return outcome
    },
    close,
    facts: () => unlocked(() => ({ ok: true, value: gatherFacts(options) })),
    log: () => unlocked(async () => ({ ok: true, value: (await logLines(shownLogBytes)).slice(-shownLogLines) })),
    checkNetwork: () => unlocked(inspectNetwork),
    changeServer: (address) => unlocked(() => options.changeServer(address)),
    rotateCredential: () => unlocked(() => kiosk.renewCredential()),
    forgetCredential: () => unlocked(() => kiosk.forgetCredential()),
    reloadContent: () => unlocked(() => content.reload(true)),
    restartApp: () =>
      unlocked(() => {
        log.info('restart asked for at the screen')
        setImmediate(() => machine.restartApp()) // the answer first
        return done
      }),
    reboot: () =>
      unlocked(async () => {
        if (machine.reboot === null) return failed('reboot_not_allowed', noReboot)
        log.info('reboot asked for at the screen')
        return machine.reboot()
      }),
    places: () => unlocked(async () => ({ ok: true, value: await findPlaces(options.places) })),
    saveBundle: (place) => unlocked(() => saveBundle(place)),
    [Symbol.dispose]() {
      clearTimeout(timer)
      opened.abort(new Error('The app ends.'))
      phase = 'closed'
    },
  }
}

const locked = { ok: false, code: 'pane_locked', message: 'Unlock the pane first.' } as const
const noReboot = 'This kiosk may not restart its machine. Whoever set it up allows that with --allow-reboot.'
