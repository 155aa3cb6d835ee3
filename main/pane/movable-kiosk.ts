import type { KioskState } from '#protocol/ipc.ts'
import { answeringServer } from '../answering-server.ts'
import type { KioskApp } from '../kiosk.ts'

/** A kiosk that can go over to another server while it runs. */
export interface MovableKiosk extends Disposable {
  /** The one that runs now. */
  readonly current: KioskApp
  /** The origin of its server. */
  readonly server: string
  /** Ends the present kiosk and begins anew with this server. */
  use(origin: string): void
  /** Resolves once it shows a code of this server or is online there; rejects with the signal's reason. */
  settled(origin: string, signal: AbortSignal): Promise<void>
}

export interface MovableKioskOptions {
  readonly server: string
  /** Not started yet. */
  create(server: string, onState: (state: KioskState) => void): KioskApp
  /** Of the kiosk that runs now, and of no other. */
  onState(state: KioskState): void
}

export function createMovableKiosk({ server: first, create, onState }: MovableKioskOptions): MovableKiosk {
  const waiting = new Set<() => void>()
  let server = first
  let current = open(first)

  function open(origin: string): KioskApp {
    const kiosk: KioskApp = create(origin, (state) => {
      if (kiosk !== current) return
      onState(state)
      for (const look of waiting) look()
    })
    return kiosk
  }

  return {
    get current() {
      return current
    },
    get server() {
      return server
    },
    use(origin) {
      current[Symbol.dispose]()
      server = origin
      current = open(origin)
      onState(current.state)
      current.start()
    },
    settled(origin, signal) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (answeringServer(current.state) === origin) end(resolve)
        }
        const late = (): void => end(() => reject(signal.reason))
        function end(settle: () => void): void {
          waiting.delete(look)
          signal.removeEventListener('abort', late)
          settle()
        }
        waiting.add(look)
        signal.addEventListener('abort', late, { once: true })
        if (signal.aborted) late()
        else look()
      })
    },
    [Symbol.dispose]: () => current[Symbol.dispose](),
  }
}
