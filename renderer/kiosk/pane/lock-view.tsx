import { useEffect, useRef, useState } from 'react'
import type { PaneBridge, PaneState, PaneWay } from '#protocol/pane.ts'
import { useNow } from '../../shared/now.ts'
import { remaining } from '../../shared/time.ts'
import { DigitPad } from './digit-pad.tsx'
import { PaneHeader } from './pane-header.tsx'

interface LockViewProps {
  readonly bridge: Pick<PaneBridge, 'unlock' | 'close'>
  readonly state: Extract<PaneState, { phase: 'locked' }>
}

const words: Readonly<Record<PaneWay, { title: string; hint: string; other: string }>> = {
  pin: { title: 'PIN of this screen', hint: 'The 6 to 12 digits that an operator set for it.', other: 'Use the PIN' },
  code: {
    title: "An operator's code",
    hint: 'An operator gets 8 digits for this screen in the console. They work once, for five minutes.',
    other: 'Use a code',
  },
}

export function LockView({ bridge, state }: LockViewProps) {
  const { ways, advice, waitUntil, closesAt } = state
  const now = useNow(1000)
  const [chosen, setChosen] = useState<PaneWay | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const [isChecking, setChecking] = useState(false)
  const way = chosen !== null && ways.includes(chosen) ? chosen : ways[0]
  const isWaiting = waitUntil !== null && waitUntil > now

  const unlock = (digits: string): void => {
    if (way === undefined) return
    setChecking(true)
    setFailure(null)
    bridge
      .unlock(way, digits)
      .then(
        (outcome) => setFailure(outcome.ok ? null : outcome.message),
        () => setFailure('The app does not answer. Close the pane and try again.'),
      )
      .finally(() => setChecking(false))
  }
  return (
    <main className="pane">
      <PaneHeader title="For support staff" closesAt={closesAt} close={() => void bridge.close()} />
      {way === undefined ? (
        <section className="pane-body pane-centred" aria-labelledby="no-way">
          <h2 id="no-way" className="pane-title">
            This pane cannot be opened now
          </h2>
          <p className="pane-text">{advice}</p>
        </section>
      ) : (
        <section className="pane-body pane-lock" aria-labelledby="way">
          <div className="pane-column">
            <h2 id="way" className="pane-title">
              {words[way].title}
            </h2>
            <p className="pane-text">{words[way].hint}</p>
            <p className={isWaiting || failure !== null ? 'pane-text trouble' : 'pane-text'} role="status">
              {statusWords(isWaiting ? remaining(waitUntil, now) : null, isChecking, failure)}
            </p>
            {ways
              .filter((other) => other !== way)
              .map((other) => (
                <button key={other} type="button" className="pane-button" onClick={() => setChosen(other)}>
                  {words[other].other}
                </button>
              ))}
          </div>
          <DigitPad
            key={way}
            length={way === 'code' ? { least: 8, most: 8 } : { least: 6, most: 12 }}
            isHidden={way === 'pin'}
            isDisabled={isWaiting || isChecking}
            enter={unlock}
          />
        </section>
      )}
      <EscapeCloses close={() => void bridge.close()} />
    </main>
  )
}

function statusWords(wait: string | null, isChecking: boolean, failure: string | null): string {
  if (wait !== null) return `Too many wrong attempts. The next one is free in ${wait}.`
  if (isChecking) return 'Checking'
  return failure ?? ''
}

function EscapeCloses({ close }: { readonly close: () => void }) {
  const latest = useRef(close)
  latest.current = close
  useEffect(() => {
    const pressed = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') latest.current()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])
  return null
}
