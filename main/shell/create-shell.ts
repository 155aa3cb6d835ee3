import { type NativeImage, nativeImage } from 'electron'
import type { KioskState } from '#protocol/ipc.ts'
import type { Screen } from '#protocol/screen.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import { isAllowedPage, webOriginOf } from './allowed-origins.ts'
import { beginContent, type ContentEvent, shellStateOf, wakeAt } from './content.ts'
import { createContentStage } from './content-stage.ts'
import { type Frame, laidOver } from './frame.ts'
import { layout } from './layout.ts'
import type { Shell, ShellAnswer, ShellOptions, ShellRecord } from './shell.ts'
import { step } from './supervisor.ts'

const historyLength = 50
/** How often it is looked whether what our own page says has changed with time alone. */
const relayoutMs = 2000

export function createShell(options: ShellOptions): Shell {
  const { window, clock, limits, log, profile } = options
  const steady = () => performance.now()
  let { server } = options
  let content = beginContent(steady())
  let kiosk: KioskState | null = null
  let screen: Screen | null = null
  let refusal: string | null = null
  let settingsOrigins: readonly string[] = []
  let covered = false
  let identifying: NodeJS.Timeout | null = null
  let wake: NodeJS.Timeout | undefined
  let told = ''
  let seen: ShellView['seen'] = 'all'
  const history: ShellRecord[] = []
  const origins = () => [server, ...options.allowed, ...settingsOrigins]
  const stage = createContentStage({ ...options, origins, tell: (event) => dispatch({ ...event, at: steady() }) })

  function dispatch(event: ContentEvent): void {
    const before = content
    const { content: next, actions } = step(before, event, limits)
    content = next
    for (const action of actions) stage.perform(action)
    schedule()
    if (content === before) return
    if (content.run.phase !== before.run.phase || content.fault !== before.fault) record()
    publish(content.run !== before.run || content.fault !== before.fault || content.restarts !== before.restarts)
  }

  /** One timer, for what is due next. */
  function schedule(): void {
    clearTimeout(wake)
    const due = wakeAt(content, limits)
    if (due === null) return
    wake = setTimeout(() => dispatch({ type: 'tick', at: steady() }), Math.max(0, Math.ceil(due - steady())))
  }

  function record(): void {
    const { run, fault } = content
    history.push({ at: Date.now(), phase: run.phase, fault: fault?.fault ?? null, message: fault?.message ?? null })
    if (history.length > historyLength) history.shift()
    log.info('content', { phase: run.phase, fault: fault?.fault ?? 'none', restarts: content.restarts.length })
  }

  function publish(changed: boolean): void {
    if (changed) options.onState(state())
    const { run, url } = content
    const isUp = (run.phase === 'showing' || run.phase === 'cached') && url !== null
    seen = layout({
      kiosk,
      content: isUp ? { url, phase: run.phase === 'cached' ? 'cached' : 'showing' } : null,
      covered,
      identifying: identifying !== null,
      clockTrouble: clock.trouble !== null,
      now: Date.now(),
    })
    stage.place(seen)
    const next = view()
    // Its times are made from a clock that jumps: by them alone nothing has changed.
    const { since: _, ...rest } = next.state
    const text = JSON.stringify({ ...next, state: rest, retryAt: next.retryAt === null })
    if (text === told && !changed) return
    told = text
    options.onView(next)
  }

  function state() {
    return shellStateOf(content, (at) => new Date(toWall(at)))
  }

  function view(): ShellView {
    const { run } = content
    const retryAt = 'retry' in run ? toWall(run.retry.at) : null
    const { savedAt } = stage
    const { notice } = options
    return {
      ...{ state: state(), seen, retryAt, savedAt, refusal, notice },
      ...{ clock: clock.trouble, identifying: identifying !== null },
    }
  }

  function show(url: string | null): ShellAnswer {
    if (url !== null && !isAllowedPage(url, origins())) return notAllowed(url)
    dispatch({ type: 'show', at: steady(), url })
    return { ok: true }
  }

  /** What the screen is told to show, whether or not it may. */
  function showScreen(): void {
    refusal = null
    if (screen?.kind === 'page') {
      const answer = show(screen.url)
      if (!answer.ok) {
        log.warn('page refused', { origin: webOriginOf(screen.url) ?? 'none' })
        refusal = answer.message
        show(null)
      }
    } else if (screen?.kind !== 'message') show(null)
    publish(false)
  }

  /** Whose pages may be shown has changed. */
  function judgeAgain(): void {
    if (refusal !== null || (content.url !== null && !isAllowedPage(content.url, origins()))) showScreen()
  }

  const relayout = setInterval(() => publish(false), relayoutMs)
  return {
    profile,
    get state() {
      return state()
    },
    get view() {
      return view()
    },
    get history() {
      return history
    },
    get clockOffset() {
      return clock.offset
    },
    follow(next) {
      kiosk = next
      const told = next.phase === 'enrolled' ? next.screen : null
      if (told === screen) return publish(false)
      screen = told
      showScreen()
    },
    show,
    reload(fresh) {
      if (content.url === null) return nothingShown
      dispatch({ type: 'reload', at: steady(), fresh })
      return { ok: true }
    },
    identify(seconds) {
      if (identifying !== null) clearTimeout(identifying)
      identifying = setTimeout(() => {
        identifying = null
        publish(false)
      }, seconds * 1000)
      publish(false)
    },
    cover(on) {
      covered = on
      publish(false)
    },
    use(next) {
      server = next
      clock.use(next)
      judgeAgain()
    },
    allow(next) {
      settingsOrigins = next
      judgeAgain()
    },
    async capture() {
      const [under, over] = await Promise.all([window.webContents.capturePage(), stage.capture()])
      if (over === null) return under.toPNG()
      const { bitmap, ...size } = laidOver(frameOf(under), frameOf(over.image), 0, over.top)
      return nativeImage.createFromBitmap(bitmap, size).toPNG()
    },
    [Symbol.dispose]() {
      clearInterval(relayout)
      clearTimeout(wake)
      if (identifying !== null) clearTimeout(identifying)
      stage[Symbol.dispose]()
    },
  }
}

function toWall(at: number): number {
  return Math.round(Date.now() - (performance.now() - at))
}

function notAllowed(url: string): ShellAnswer {
  const message = `This screen may not show pages of ${webOriginOf(url) ?? 'this address'}. Add the origin to kiosk.allowed_origins in the server’s configuration, or start the kiosk with --allow.`
  return { ok: false, code: 'origin_not_allowed', message }
}

const nothingShown: ShellAnswer = {
  ok: false,
  code: 'nothing_shown',
  message: 'The screen shows no page that could be loaded again. Tell it to show one.',
}

function frameOf(image: NativeImage): Frame {
  return { ...image.getSize(), bitmap: image.toBitmap() }
}
