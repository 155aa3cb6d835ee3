import { app, type BrowserWindow, screen } from 'electron'
import { beginGesture, isChord, step } from './gesture.ts'

export interface InputListener {
  /** The gesture or the chord was made. */
  asked(): void
  /** Anything was touched or pressed. */
  touched(): void
}

/**
 * Watches what goes into every page of the app, ours and somebody else's. Main sees it on its way: the page below needs
 * no script of ours for it, and can neither prevent nor imitate it.
 */
export function watchInput(window: BrowserWindow, { asked, touched }: InputListener): Disposable {
  let gesture = beginGesture

  function tapped(): void {
    // The event itself does not say where. A touch moves X's pointer too.
    const { x, y } = screen.getCursorScreenPoint()
    const bounds = window.getContentBounds()
    const tap = { at: performance.now(), x: x - bounds.x, y: y - bounds.y }
    gesture = step(gesture, tap, bounds)
    if (gesture.made) asked()
  }

  const watch = (_event: unknown, contents: Electron.WebContents): void => {
    contents.on('input-event', (_input, { type }) => {
      if (!touches.has(type)) return
      touched()
      if (type === 'mouseDown' || type === 'touchStart') tapped()
    })
    contents.on('before-input-event', (event, keys) => {
      if (!isChord(keys)) return
      event.preventDefault()
      asked()
    })
  }
  watch(null, window.webContents)
  app.on('web-contents-created', watch)
  return { [Symbol.dispose]: () => void app.off('web-contents-created', watch) }
}

/** Not the mouse's movement: a lorry that passes moves one. */
const touches: ReadonlySet<string> = new Set(['mouseDown', 'mouseWheel', 'touchStart', 'touchMove', 'rawKeyDown'])
