import type { CarillonBridge, DesktopState, FeedEvent, KioskState, Outcome, OwnTasksState } from '#protocol/ipc.ts'
import type { Answer, NetworkStep, PaneFacts, PaneState } from '#protocol/pane.ts'
import type { ShellView } from '#protocol/shell-view.ts'

/**
 * A fixture, not the product: `window.carillon` for a page in a browser, where there is no main process. The page's
 * test tells states and events, and reads what the page asked for.
 */
export interface FakeMain {
  /** Every call of the page, in order. */
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[]
  tellDesktop(state: DesktopState): void
  tellEvent(event: FeedEvent): void
  tellEarlier(events: readonly FeedEvent[]): void
  tellTasks(tasks: OwnTasksState): void
  tellKiosk(state: KioskState): void
  tellPane(state: PaneState): void
  tellNetwork(steps: readonly NetworkStep[]): void
  tellShell(view: ShellView): void
  /** Sets what the calls of this name are answered from now on; `{ok: true}` until then. */
  answer(name: string, outcome: Outcome | Answer<unknown>): void
}

export interface FakeStart {
  readonly desktop?: {
    readonly state: DesktopState
    readonly events: readonly FeedEvent[]
    readonly tasks?: OwnTasksState
  }
  readonly kiosk?: KioskState
  readonly pane?: PaneState
  readonly facts?: PaneFacts
  /** Of a kiosk whose content is none until then. */
  readonly shell?: ShellView
}

declare global {
  interface Window {
    carillon?: CarillonBridge
    fakeMain: FakeMain
  }
}

/** Runs in the page before its own scripts: it must not use anything from outside itself. */
export function installFakeMain(start: FakeStart): void {
  const calls: { name: string; args: readonly unknown[] }[] = []
  const outcomes = new Map<string, Outcome | Answer<unknown>>()
  const listeners = {
    desktop: new Set<(state: DesktopState) => void>(),
    event: new Set<(event: FeedEvent) => void>(),
    earlier: new Set<(events: readonly FeedEvent[]) => void>(),
    tasks: new Set<(tasks: OwnTasksState) => void>(),
    kiosk: new Set<(state: KioskState) => void>(),
    pane: new Set<(state: PaneState) => void>(),
    network: new Set<(steps: readonly NetworkStep[]) => void>(),
    shell: new Set<(view: ShellView) => void>(),
  }
  let desktopState = start.desktop?.state
  let tasksState = start.desktop?.tasks ?? { tasks: [], definitions: [] }
  let kioskState = start.kiosk
  let paneState: PaneState = start.pane ?? { phase: 'closed' }
  let shellView: ShellView = start.shell ?? {
    state: { phase: 'waiting', since: '', url: null, fault: null, message: null, restarts: 0 },
    ...{ seen: 'all', retryAt: null, savedAt: null, refusal: null, clock: null, notice: null, identifying: false },
  }

  const on =
    <T>(set: Set<(value: T) => void>) =>
    (listener: (value: T) => void) => {
      set.add(listener)
      return () => set.delete(listener)
    }
  const ask = <T extends Outcome>(name: string, args: readonly unknown[], usual: T): Promise<T> => {
    calls.push({ name, args })
    return Promise.resolve((outcomes.get(name) as T | undefined) ?? usual)
  }
  const outcome = (name: string, args: readonly unknown[]): Promise<Outcome> => ask<Outcome>(name, args, { ok: true })
  const bring = <T>(name: string, args: readonly unknown[], value: T): Promise<Answer<T>> =>
    ask<Answer<T>>(name, args, { ok: true, value })

  window.fakeMain = {
    calls,
    tellDesktop(state) {
      desktopState = state
      for (const listener of listeners.desktop) listener(state)
    },
    tellEvent(event) {
      for (const listener of listeners.event) listener(event)
    },
    tellEarlier(events) {
      for (const listener of listeners.earlier) listener(events)
    },
    tellTasks(tasks) {
      tasksState = tasks
      for (const listener of listeners.tasks) listener(tasks)
    },
    tellKiosk(state) {
      kioskState = state
      for (const listener of listeners.kiosk) listener(state)
    },
    tellPane(state) {
      paneState = state
      for (const listener of listeners.pane) listener(state)
    },
    tellNetwork(steps) {
      for (const listener of listeners.network) listener(steps)
    },
    tellShell(view) {
      shellView = view
      for (const listener of listeners.shell) listener(view)
    },
    answer: (name, outcome) => outcomes.set(name, outcome),
  }
  window.carillon = {
    ...(start.desktop === undefined
      ? {}
      : {
          desktop: {
            state: async () => desktopState as DesktopState,
            events: async () => start.desktop?.events ?? [],
            signIn: (...args) => outcome('signIn', args),
            signOut: (...args) => outcome('signOut', args),
            follow: (...args) => outcome('follow', args),
            unfollow: (...args) => outcome('unfollow', args),
            openConsole: (...args) => outcome('openConsole', args),
            tasks: async () => tasksState,
            submitTask: (...args) => outcome('submitTask', args),
            cancelTask: (...args) => outcome('cancelTask', args),
            retryTask: (...args) => outcome('retryTask', args),
            saveTaskFile: (...args) => outcome('saveTaskFile', args),
            onState: on(listeners.desktop),
            onEvent: on(listeners.event),
            onEarlier: on(listeners.earlier),
            onTasks: on(listeners.tasks),
          },
        }),
    ...(start.kiosk === undefined
      ? {}
      : {
          kiosk: {
            state: async () => kioskState as KioskState,
            shell: { state: async () => shellView, onState: on(listeners.shell) },
            acceptMemory: () => outcome('acceptMemory', []),
            onState: on(listeners.kiosk),
            onScreen: () => () => {},
            pane: {
              state: async () => paneState,
              onState: on(listeners.pane),
              unlock: (...args) => outcome('unlock', args),
              close: () => outcome('close', []),
              facts: async () =>
                start.facts === undefined
                  ? { ok: false, code: 'pane_locked', message: 'Unlock the pane first.' }
                  : { ok: true, value: start.facts },
              log: () => bring('log', [], []),
              checkNetwork: () => bring('checkNetwork', [], []),
              onNetwork: on(listeners.network),
              changeServer: (...args) => bring('changeServer', args, ''),
              rotateCredential: () => outcome('rotateCredential', []),
              forgetCredential: () => bring('forgetCredential', [], true),
              reloadContent: () => outcome('reloadContent', []),
              restartApp: () => outcome('restartApp', []),
              reboot: () => outcome('reboot', []),
              places: () => bring('places', [], []),
              saveBundle: (...args) => bring('saveBundle', args, ''),
            },
          },
        }),
  }
}
