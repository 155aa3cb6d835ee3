import { type ReactNode, useEffect, useRef, useState } from 'react'

/** What may be higher than the screen, with keys to page through it: not every touch screen can be swiped. */
export function Scroll({
  label,
  isAtEnd = false,
  children,
}: {
  readonly label: string
  readonly isAtEnd?: boolean
  readonly children: ReactNode
}) {
  const box = useRef<HTMLElement>(null)
  const [isHigher, setHigher] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is inside decides how high it is
  useEffect(() => {
    const { current } = box
    if (current === null) return
    const look = (): void => setHigher(current.scrollHeight > current.clientHeight + 1)
    look()
    const resized = new ResizeObserver(look)
    resized.observe(current)
    return () => resized.disconnect()
  }, [children])
  useEffect(() => {
    if (isAtEnd) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [isAtEnd])
  const page = (direction: 1 | -1) => (): void => {
    const { current } = box
    current?.scrollBy({ top: direction * current.clientHeight * 0.85 })
  }
  return (
    <div className="pane-scroll-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be within reach of a keyboard */}
      <section ref={box} className="pane-scroll" aria-label={label} tabIndex={0}>
        {children}
      </section>
      {isHigher && (
        <div className="pane-pages">
          <button type="button" className="pane-button" aria-label="Up" onClick={page(-1)}>
            ▲
          </button>
          <button type="button" className="pane-button" aria-label="Down" onClick={page(1)}>
            ▼
          </button>
        </div>
      )}
    </div>
  )
}
