import { type FramesEvent, framesEvent } from '#protocol/api.ts'

/** One message of a client, as it is shown. */
export interface ShownFrame {
  /** Counts up, so that rows keep their place. */
  readonly key: number
  readonly direction: 'in' | 'out'
  /** Milliseconds since 1970. */
  readonly at: number
  readonly text: string
}

export interface FramesState {
  /** lost: the server does not answer, and is asked again. ended: the connection is no more. */
  readonly phase: 'opening' | 'open' | 'lost' | 'ended'
  /** Newest first. */
  readonly frames: readonly ShownFrame[]
  /** Came too fast to be shown. */
  readonly dropped: number
}

/** What one client sends and is sent, from now on. */
export interface FrameWatch {
  state(): FramesState
  /** Returns the end of listening. */
  subscribe(listener: () => void): () => void
  clear(): void
  close(): void
}

/** Older ones make way. */
const maxShown = 500

/** As much of an `EventSource` as is needed. */
export type FrameSource = Pick<EventSource, 'close' | 'readyState' | 'onmessage' | 'onerror'>

export function watchFrames(source: FrameSource): FrameWatch {
  const listeners = new Set<() => void>()
  let state: FramesState = { phase: 'opening', frames: [], dropped: 0 }
  let count = 0

  source.onmessage = ({ data }) => take(framesEvent.parse(JSON.parse(String(data))))
  source.onerror = () => {
    if (state.phase === 'ended') return
    // An `EventSource` that is closed was refused: the server knows no such connection any more.
    set({ ...state, phase: source.readyState === closed ? 'ended' : 'lost' })
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    clear: () => set({ ...state, frames: [], dropped: 0 }),
    close: () => source.close(),
  }

  function take({ clients, dropped, frames }: FramesEvent): void {
    const shown = frames.map(({ time, direction, text }) => ({ key: count++, at: Date.parse(time), direction, text }))
    const isOver = clients === 0
    if (isOver) source.close()
    set({
      phase: isOver ? 'ended' : 'open',
      frames: shown.length === 0 ? state.frames : [...shown.toReversed(), ...state.frames].slice(0, maxShown),
      dropped: state.dropped + dropped,
    })
  }

  function set(next: FramesState): void {
    const isSame = next.phase === state.phase && next.frames === state.frames && next.dropped === state.dropped
    if (isSame) return
    state = next
    for (const listener of listeners) listener()
  }
}

/** `EventSource.CLOSED` */
const closed = 2

/** As text to be kept: one line each, oldest first, times in UTC. */
export function framesText(frames: readonly ShownFrame[]): string {
  return frames
    .toReversed()
    .map(({ at, direction, text }) => `${new Date(at).toISOString()} ${direction === 'in' ? '>' : '<'} ${text}`)
    .join('\n')
}
