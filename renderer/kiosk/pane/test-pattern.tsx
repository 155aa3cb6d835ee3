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
    <div className="pattern">
      <div className="pattern-bars">
        {bars.map((colour) => (
          <span key={colour} className={`pattern-${colour}`} />
        ))}
      </div>
      <div className="pattern-greys" />
      <p className="pattern-words">{size} · touch to end</p>
      <button
        type="button"
        className="pattern-end"
        // biome-ignore lint/a11y/noAutofocus: it covers whatever had the focus
        autoFocus
        aria-label={`Test pattern, ${size}. Touch to end.`}
        onClick={end}
      />
    </div>
  )
}

function sizeWords(): string {
  return `${Math.round(innerWidth * devicePixelRatio)} × ${Math.round(innerHeight * devicePixelRatio)} pixels`
}
