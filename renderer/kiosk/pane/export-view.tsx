import { useEffect, useState } from 'react'
import type { BundlePlace } from '#protocol/pane.ts'
import { DeedLine } from './deed-line.tsx'
import { PathText } from './path-text.tsx'
import { useDeed } from './use-deed.ts'
import type { ViewProps } from './use-facts.ts'

const lookEveryMs = 2000

export function ExportView({ bridge }: ViewProps) {
  const places = usePlaces(bridge)
  const deed = useDeed()
  return (
    <div className="pane-stack">
      <p className="pane-text">
        A support bundle is one file with what this pane shows and the log. Passwords, tokens and PINs are masked.
      </p>
      {places.map(({ id, kind, path, free }) => (
        <button
          key={id}
          type="button"
          className="pane-button"
          disabled={deed.isRunning}
          onClick={() =>
            deed.run(
              () => bridge.saveBundle(id),
              ({ value }) => (
                <>
                  Written to <PathText path={value} />
                </>
              ),
            )
          }
        >
          {kind === 'usb' ? 'To the USB stick' : 'To this machine'}: <PathText path={path} />
          {free !== null && ` (${Math.floor(free / 1024 / 1024)} MB free)`}
        </button>
      ))}
      {!places.some(({ kind }) => kind === 'usb') && (
        <p className="pane-text">A USB stick shows up here once it is mounted.</p>
      )}
      <DeedLine deed={deed} running="Writing" />
    </div>
  )
}

/** Asked again and again: somebody is about to put a stick in. */
function usePlaces(bridge: ViewProps['bridge']): readonly BundlePlace[] {
  const [places, setPlaces] = useState<readonly BundlePlace[]>([])
  useEffect(() => {
    let isGone = false
    const look = async (): Promise<void> => {
      const answer = await bridge.places().catch(() => null)
      if (!isGone && answer?.ok) setPlaces(answer.value)
    }
    void look()
    const timer = setInterval(look, lookEveryMs)
    return () => {
      isGone = true
      clearInterval(timer)
    }
  }, [bridge])
  return places
}
