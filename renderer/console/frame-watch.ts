import { type FramesEvent, framesEvent } from '#protocol/clients.ts'

/** One message of a client, or its end, as it is shown. */
export interface ShownFrame {
  /** Counts up, so that rows keep their place. */
  readonly key: number
  readonly direction: 'in' | 'out' | 'end'
  /** Milliseconds since 1970. */
  readonly at: number
  readonly text: string
}

export interface FramesState {
  /** lost: the server does not answer, and is asked again. ended: the connection is no more. */
  readonly phase: 'opening' | 'open' | 'lost' | 'ended'
  /** How it ended, where that is known. */
  readonly ending: string | null
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
  let state: FramesState = { phase: 'opening', ending: null, frames: [], dropped: 0 }
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

  function take({ clients, dropped, frames, endings }: FramesEvent): void {
    const ends = endings.map((ending) => ({ ...ending, direction: 'end' as const, text: endingInWords(ending) }))
    const shown = [...frames, ...ends].map(({ time, direction, text }) => {
      return { key: count++, at: Date.parse(time), direction, text }
    })
    const isOver = clients === 0
    if (isOver) source.close()
    set({
      phase: isOver ? 'ended' : 'open',
      ending: ends.at(-1)?.text ?? state.ending,
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
    .map(({ at, direction, text }) => `${new Date(at).toISOString()} ${marks[direction]} ${text}`)
    .join('\n')
}

const marks = { in: '>', out: '<', end: '#' } as const

function endingInWords({ by, code, reason }: FramesEvent['endings'][number]): string {
  if (by === 'server') return `closed by the server: ${code} ${reason}`
  if (code === brokenOff) return 'broken off without a word'
  return code === noStatusReceived ? 'closed by the client' : `closed by the client: ${code}`
}

/** What WebSocket calls a close without a code, and an end without a close. */
const noStatusReceived = 1005
const brokenOff = 1006
