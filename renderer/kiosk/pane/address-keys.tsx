interface AddressKeysProps {
  readonly add: (text: string) => void
  readonly remove: () => void
  readonly clear: () => void
}

const rows = ['1234567890', 'qwertyuiop', 'asdfghjkl-', 'zxcvbnm.:/'] as const
const pieces = ['https://', 'http://', '.local', ':8750'] as const

/** The keys that an address is made of, for screens without a keyboard. */
export function AddressKeys({ add, remove, clear }: AddressKeysProps) {
  const key = (text: string) => (
    <button key={text} type="button" className="key" onClick={() => add(text)}>
      {text}
    </button>
  )
  return (
    <fieldset className="keys" aria-label="Keys">
      {rows.map((row) => (
        <div key={row} className="keys-row">
          {[...row].map(key)}
        </div>
      ))}
      <div className="keys-row">
        {pieces.map(key)}
        <button type="button" className="key" aria-label="Delete" onClick={remove}>
          ⌫
        </button>
        <button type="button" className="key" onClick={clear}>
          Clear
        </button>
      </div>
    </fieldset>
  )
}
