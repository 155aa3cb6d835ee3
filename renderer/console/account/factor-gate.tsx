import { Alert } from '@mantine/core'
import type { Me } from '#protocol/api.ts'
import { Brand } from '../../mantine/brand.tsx'
import { ThemeToggle } from '../../mantine/theme-toggle.tsx'
import { AccountMenu } from '../account-menu.tsx'
import { PasskeysSection } from './passkeys-section.tsx'
import { SecondFactorSection } from './second-factor-section.tsx'

interface FactorGateProps {
  readonly me: Me
  readonly onDone: () => void
}

/** Instead of every page, for whoever must have a second factor and has none. */
export function FactorGate({ me, onDone }: FactorGateProps) {
  return (
    <div className="shell">
      <header className="bar">
        <Brand />
        <span className="bar-space" />
        <ThemeToggle />
        <AccountMenu me={me} />
      </header>
      <main className="content">
        <div className="column">
          <h1>Set up a second factor</h1>
          <Alert color="brass" role="note" title="The console is closed to you until then">
            Your role must have one: an authenticator app or a passkey. It takes two minutes, and you go on where you
            were.
          </Alert>
          <SecondFactorSection onSetUp={onDone} />
          <PasskeysSection onSetUp={onDone} />
        </div>
      </main>
    </div>
  )
}
