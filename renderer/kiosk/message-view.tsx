import { useLayoutEffect, useRef } from 'react'
import { chooseFit, type Wrapping } from './fit.ts'

interface MessageViewProps {
  readonly screen: { readonly title?: string; readonly message: string }
  readonly label?: string
  /** What the words are: a heading where there is no other. */
  readonly as?: 'p' | 'h1'
}

/** A message as large as the screen lets it be, from one word to 2,000 characters. */
export function MessageView({ screen, label = 'Message', as: Words = 'p' }: MessageViewProps) {
  const frame = useRef<HTMLDivElement>(null)
  const text = useRef<HTMLDivElement>(null)
  const { title, message } = screen

  // biome-ignore lint/correctness/useExhaustiveDependencies: the words decide the size, though only the page reads them
  useLayoutEffect(() => {
    if (frame.current === null || text.current === null) return
    const [outer, inner] = [frame.current, text.current]
    const refit = (): void => fitInto(outer, inner)
    refit()
    const resized = new ResizeObserver(refit)
    resized.observe(outer)
    document.fonts.addEventListener('loadingdone', refit)
    return () => {
      resized.disconnect()
      document.fonts.removeEventListener('loadingdone', refit)
    }
  }, [title, message])

  return (
    <section className="message" aria-label={label} aria-live="assertive">
      <div ref={frame} className="message-frame">
        <div ref={text} className="message-text" dir="auto">
          {title !== undefined && title !== '' && <h2 className="message-title">{title}</h2>}
          <Words className="message-body">{message}</Words>
        </div>
      </div>
    </section>
  )
}

function fitInto(frame: HTMLElement, text: HTMLElement): void {
  const height = frame.clientHeight
  const width = frame.clientWidth
  if (height === 0 || width === 0) return
  const apply = (size: number, wrapping: Wrapping): void => {
    text.dataset.wrapping = wrapping
    text.style.fontSize = `${size}px`
  }
  const { size, wrapping } = chooseFit(height, (candidate, how) => {
    apply(candidate, how)
    return text.scrollHeight <= height && text.scrollWidth <= width
  })
  apply(size, wrapping)
}
