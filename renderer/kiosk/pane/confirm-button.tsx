import { useState } from 'react'

interface ConfirmButtonProps {
  readonly label: string
  /** What is about to happen. */
  readonly question: string
  readonly isDisabled?: boolean
  readonly deed: () => void
}

/** Asks once more, in its own place. */
export function ConfirmButton({ label, question, isDisabled = false, deed }: ConfirmButtonProps) {
  const [isAsking, setAsking] = useState(false)
  if (!isAsking) {
    return (
      <button type="button" className="pane-button" disabled={isDisabled} onClick={() => setAsking(true)}>
        {label}
      </button>
    )
  }
  const answer = (isYes: boolean) => (): void => {
    setAsking(false)
    if (isYes) deed()
  }
  return (
    <div className="pane-confirm" role="alertdialog" aria-label={question}>
      <p className="pane-text">{question}</p>
      <div className="pane-row">
        {/* biome-ignore lint/a11y/noAutofocus: the question takes the place of the button that had the focus */}
        <button type="button" className="pane-button" autoFocus onClick={answer(false)}>
          No, leave it
        </button>
        <button type="button" className="pane-button pane-strong" onClick={answer(true)}>
          {`Yes, ${label.charAt(0).toLowerCase()}${label.slice(1)}`}
        </button>
      </div>
    </div>
  )
}
