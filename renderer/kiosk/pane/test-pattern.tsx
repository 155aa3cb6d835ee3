import { useEffect, useState } from 'react'

const bars = ['white', 'yellow', 'cyan', 'green', 'magenta', 'red', 'blue', 'black'] as const

/** Bars, a grey scale and a frame at the very edge: colours, dead pixels, and whether the display cuts anything off. */
export function TestPattern({ end }: { readonly end: () => void }) {
  const [size, setSize] = useState(sizeWords)
  useEffect(() => {
    const resized = (): void => setSize(sizeWords())
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') end()
    }
    window.addEventListener('resize', resized)
    window.addEventListener('keydown', pressed)
    return () => {
      window.removeEventListener('resize', resized)
      window.removeEventListener('keydown', pressed)
    }
  }, [end])
  return (
    <button
      type="button"
      className="pattern"
      // biome-ignore lint/a11y/noAutofocus: it covers whatever had the focus
      autoFocus
      aria-label={`Test pattern, ${size}. Touch to end.`}
      onClick={end}
    >
      <span className="pattern-bars">
        {bars.map((colour) => (
          <span key={colour} className={`pattern-${colour}`} />
        ))}
      </span>
      <span className="pattern-greys" />
      <span className="pattern-words">{size} · touch to end</span>
    </button>
  )
}

function sizeWords(): string {
  return `${Math.round(innerWidth * devicePixelRatio)} × ${Math.round(innerHeight * devicePixelRatio)} pixels`
}
