import type { FeedEvent } from '#protocol/ipc.ts'

/** A native notification. */
export interface Notice {
  readonly title: string
  readonly body: string
}

/** Longest body of a notification, in characters. */
const maxBody = 200

/** What a notification says of an event. */
export function noticeOf({ channel, data }: FeedEvent): Notice {
  const fields = typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {}
  const title = textOf(fields.title) ?? channel
  const body = textOf(fields.message) ?? textOf(fields.text) ?? textOf(data) ?? JSON.stringify(data)
  return { title: shortened(title, 80), body: shortened(body, maxBody) }
}

export interface NoticesOptions {
  show(notice: Notice): void
  /** Milliseconds since some fixed moment. */
  readonly now?: () => number
  /** At most this many notifications within `window` milliseconds; the rest becomes one that counts them. */
  readonly burst?: number
  readonly window?: number
}

/** Shows notifications without burying anybody under them. */
export interface Notices extends Disposable {
  add(event: FeedEvent): void
}

export function createNotices(options: NoticesOptions): Notices {
  const { show, now = Date.now, burst = 3, window = 5000 } = options
  let shownAt: readonly number[] = []
  let heldBack = 0
  let timer: NodeJS.Timeout | undefined

  function tellHeldBack(): void {
    const count = heldBack
    heldBack = 0
    shownAt = [...shownAt, now()]
    show({ title: 'Carillon', body: count === 1 ? '1 more event' : `${count} more events` })
  }

  return {
    add(event) {
      shownAt = shownAt.filter((at) => now() - at < window)
      if (heldBack === 0 && shownAt.length < burst) {
        shownAt = [...shownAt, now()]
        show(noticeOf(event))
        return
      }
      if (heldBack++ === 0) timer = setTimeout(tellHeldBack, Math.max(0, (shownAt[0] ?? now()) + window - now()))
    },
    [Symbol.dispose]() {
      clearTimeout(timer)
    },
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

function shortened(text: string, limit: number): string {
  const characters = Array.from(text)
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`
}
