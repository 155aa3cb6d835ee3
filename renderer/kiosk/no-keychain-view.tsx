import { useState } from 'react'
import type { Outcome } from '#protocol/ipc.ts'
import { Bell } from '../shared/bell.tsx'

interface NoKeychainProps {
  readonly message: string
  readonly accept: () => Promise<Outcome>
}

export function NoKeychainView({ message, accept }: NoKeychainProps) {
  const [asked, setAsked] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const keepInMemory = async (): Promise<void> => {
    setAsked(true)
    setFailure(null)
    const outcome = await accept().catch(() => ({
      ok: false as const,
      message: 'The kiosk did not answer. Try again.',
    }))
    if (outcome.ok) return
    setAsked(false)
    setFailure(outcome.message)
  }
  return (
    <main className="view view-page">
      <header className="brand">
        <Bell className="mark" />
        <span>Carillon</span>
      </header>
      <section className="sheet" aria-labelledby="no-keychain">
        <h1 id="no-keychain" className="headline">
          This kiosk has no keychain
        </h1>
        <p className="lead">
          The kiosk has been approved, but it has nowhere safe to keep its credential, and it never writes one to a
          plain file.
        </p>
        <p className="lead">{message}</p>
        <p className="lead">Or go on without: after a restart the kiosk has to be approved again.</p>
        <button type="button" className="button" disabled={asked} onClick={keepInMemory}>
          Keep it in memory until this kiosk closes
        </button>
        {failure !== null && (
          <p className="lead trouble" role="alert">
            {failure}
          </p>
        )}
      </section>
    </main>
  )
}
