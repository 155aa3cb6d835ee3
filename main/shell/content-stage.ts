import { pathToFileURL } from 'node:url'
import type { NativeImage, WebContents, WebContentsView } from 'electron'
import { type ShellView, stripHeight } from '#protocol/shell-view.ts'
import type { ContentAction, ContentEvent } from './content.ts'
import { openContentSession } from './content-session.ts'
import { createContentView } from './content-view.ts'
import { watchContent } from './content-watch.ts'
import { endRenderer } from './end-renderer.ts'
import type { ShellOptions } from './shell.ts'

/** Carries out what the supervisor decides: holds the one view there is, and says what happens to it. */
export interface ContentStage extends Disposable {
  /** When the copy on the stage was made, in milliseconds since 1970; null when what is there is none. */
  readonly savedAt: number | null
  perform(action: ContentAction): void
  /** Leaves so much of our own page free. */
  place(seen: ShellView['seen']): void
  /** What can be seen of the content, and how far below the upper edge it begins; null when nothing can. */
  capture(): Promise<{ readonly image: NativeImage; readonly top: number } | null>
}

export interface ContentStageOptions
  extends Pick<ShellOptions, 'window' | 'lastGood' | 'pinchZoom' | 'pointer' | 'log'> {
  origins(): Iterable<string>
  tell(event: Told): void
}

/** What happened to a load, without its time. */
type Told = ContentEvent extends infer E ? (E extends { readonly load: number } ? Omit<E, 'at'> : never) : never

interface Staged {
  readonly view: WebContentsView
  readonly contents: WebContents
  /** Null: it is the page itself. */
  readonly savedAt: number | null
  /** Ends what goes on because of it. A DisposableStack is younger than the oldest Electron this runs in. */
  readonly atEnd: (() => void)[]
}

/** A page is kept once it ran this long, and then now and again: seldom, since it is written to a card. */
const keepFirstMs = 10_000
const keepEveryMs = 30 * 60_000
const probeMs = 5000

export function createContentStage(options: ContentStageOptions): ContentStage {
  const { window, lastGood, log, tell, origins } = options
  let seen: ShellView['seen'] = 'all'
  let staged: Staged | null = null
  let copy: string | null = null
  /** Of the newest action: what was begun for an earlier one is dropped. */
  let newest = 0
  const session = openContentSession({ origins, copy: () => copy, onDownload, log })
  window.on('resize', layOut)

  function onDownload(contents: WebContents): void {
    if (contents !== staged?.contents) return
    tell({ type: 'trouble', load: newest, fault: 'load_failed', detail: 'It is a file to download, not a page.' })
  }

  function close(): void {
    if (staged === null) return
    const { view, contents, atEnd } = staged
    staged = null
    copy = null
    for (const end of atEnd) end()
    if (!window.isDestroyed()) window.contentView.removeChildView(view)
    if (contents.isDestroyed()) return
    // One that hangs would not hear that it is closed.
    endRenderer(contents)
    contents.close()
  }

  /** A view of its own for each load: nothing of the one before is left in its process. */
  function stage(load: number, savedAt: number | null): Staged {
    close()
    const isPage = savedAt === null
    const mine = () => newest === load && staged?.view === view
    const view = createContentView({
      ...{ session, log, pinchZoom: options.pinchZoom, pointer: options.pointer },
      origins: isPage ? origins : () => [],
      onLoaded: () => mine() && isPage && tell({ type: 'loaded', load }),
      onTrouble: (fault, detail) => mine() && tell({ type: 'trouble', load, fault, detail }),
      onNavigated: () => mine() && isPage && tell({ type: 'navigated', load }),
    })
    const next: Staged = { view, contents: view.webContents, savedAt, atEnd: [] }
    staged = next
    window.contentView.addChildView(view)
    layOut()
    return next
  }

  async function load(number: number, url: string, fresh: boolean): Promise<void> {
    const { contents, atEnd } = stage(number, null)
    contents.once('dom-ready', () => {
      if (staged?.contents !== contents) return
      const watched = watchContent(contents, {
        isVisible: () => seen !== 'all',
        onUnresponsive: () => tell({ type: 'trouble', load: number, fault: 'unresponsive', detail: '' }),
        onFrame: (blank) => tell({ type: 'frame', load: number, blank }),
        onMemory: (megabytes) => tell({ type: 'memory', load: number, megabytes }),
      })
      const keep = () => void lastGood.keep(url, contents)
      const first = setTimeout(keep, keepFirstMs)
      const later = setInterval(keep, keepEveryMs)
      atEnd.push(
        () => watched[Symbol.dispose](),
        () => clearTimeout(first),
        () => clearInterval(later),
      )
    })
    if (fresh) await session.clearCache()
    if (staged?.contents !== contents) return
    // What goes wrong is told by the view's events.
    await contents.loadURL(url, fresh ? { extraHeaders: 'cache-control: no-cache\n' } : {}).catch(() => {})
  }

  async function loadCopy(number: number, url: string): Promise<void> {
    close()
    const found = await lastGood.find(url)
    if (newest !== number) return
    if (found === null) return tell({ type: 'copy', load: number, shown: false })
    const { contents } = stage(number, found.savedAt)
    copy = pathToFileURL(found.file).href
    const shown = await contents.loadURL(copy).then(
      () => true,
      () => false,
    )
    tell({ type: 'copy', load: number, shown })
  }

  async function probe(number: number, url: string): Promise<void> {
    const signal = AbortSignal.timeout(probeMs)
    const ok = await session.fetch(url, { cache: 'no-store', signal }).then(
      async (answer) => {
        await answer.body?.cancel()
        return answer.status < 400
      },
      () => false,
    )
    tell({ type: 'probed', load: number, ok })
  }

  function layOut(): void {
    if (staged === null || window.isDestroyed()) return
    const [width = 0, height = 0] = window.getContentSize()
    const top = seen === 'strip' ? stripHeight(width, height) : 0
    staged.view.setBounds({ x: 0, y: top, width, height: height - top })
    staged.view.setVisible(seen !== 'all')
  }

  return {
    get savedAt() {
      return staged?.savedAt ?? null
    },
    perform(action) {
      switch (action.type) {
        case 'load':
          newest = action.load
          return void load(action.load, action.url, action.fresh)
        case 'load-copy':
          newest = action.load
          return void loadCopy(action.load, action.url)
        case 'probe':
          return void probe(action.load, action.url)
        case 'close':
          return close()
        default:
          return action satisfies never
      }
    },
    place(next) {
      const focus = next === 'all' ? window.webContents : staged?.contents
      if ((next === 'all') !== (seen === 'all') && focus?.isDestroyed() === false) focus.focus()
      seen = next
      layOut()
    },
    async capture() {
      if (staged === null || seen === 'all') return null
      const top = staged.view.getBounds().y
      return { image: await staged.contents.capturePage(), top }
    },
    [Symbol.dispose]() {
      close()
    },
  }
}
