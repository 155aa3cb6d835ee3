import { useEffect, useRef, useState } from 'react'

interface DigitPadProps {
  readonly length: { readonly least: number; readonly most: number }
  /** A PIN is not for whoever looks over a shoulder. */
  readonly isHidden: boolean
  readonly isDisabled: boolean
  readonly enter: (digits: string) => void
}

const digitKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const

/** Digits by touch and by keyboard, wherever the focus is. They are gone as soon as they are entered. */
export function DigitPad({ length, isHidden, isDisabled, enter }: DigitPadProps) {
  const [digits, setDigits] = useState('')
  const isEnough = digits.length >= length.least
  const add = (digit: string): void => {
    if (!isDisabled) setDigits((before) => (before.length < length.most ? before + digit : before))
  }
  const remove = (): void => setDigits((before) => before.slice(0, -1))
  const submit = (): void => {
    if (isDisabled || !isEnough) return
    enter(digits)
    setDigits('')
  }

  const deeds = useRef({ add, remove, submit })
  deeds.current = { add, remove, submit }
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey) return
      if (/^\d$/.test(event.key)) deeds.current.add(event.key)
      else if (event.key === 'Backspace') deeds.current.remove()
      // On a button Enter presses that button.
      else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) deeds.current.submit()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [])

  return (
    <fieldset className="pad" aria-label="Digits">
      <output className="pad-digits" aria-label={`${digits.length} digits`}>
        {isHidden ? '•'.repeat(digits.length) : digits}
      </output>
      {digitKeys.map((digit) => (
        <button key={digit} type="button" className="pad-key" disabled={isDisabled} onClick={() => add(digit)}>
          {digit}
        </button>
      ))}
      <button type="button" className="pad-key" disabled={digits === ''} aria-label="Delete" onClick={remove}>
        ⌫
      </button>
      <button type="button" className="pad-key" disabled={isDisabled} onClick={() => add('0')}>
        0
      </button>
      <button type="button" className="pad-key pad-enter" disabled={isDisabled || !isEnough} onClick={submit}>
        OK
      </button>
    </fieldset>
  )
}
