import { useState } from 'react'
import { AddressKeys } from './address-keys.tsx'
import { DeedLine } from './deed-line.tsx'
import { useDeed } from './use-deed.ts'
import type { ViewProps } from './use-facts.ts'

const most = 300

export function ServerView({ bridge, facts }: ViewProps) {
  const [address, setAddress] = useState(facts.server)
  const deed = useDeed()
  const change = (): void =>
    deed.run(
      () => bridge.changeServer(address),
      ({ value }) => `This screen is with ${value} now.`,
    )
  return (
    <form
      className="pane-stack pane-fill"
      onSubmit={(event) => {
        event.preventDefault()
        if (address.trim() !== '' && !deed.isRunning) change()
      }}
    >
      <div className="pane-row">
        <input
          className="pane-input"
          aria-label="Address of the server"
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          inputMode="none"
          maxLength={most}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
        <button type="submit" className="pane-button pane-strong" disabled={deed.isRunning || address.trim() === ''}>
          Change
        </button>
      </div>
      <DeedLine deed={deed} running="Trying it. The present server stays until the new one works." />
      <AddressKeys
        add={(text) => setAddress((before) => (before + text).slice(0, most))}
        remove={() => setAddress((before) => before.slice(0, -1))}
        clear={() => setAddress('')}
      />
    </form>
  )
}
