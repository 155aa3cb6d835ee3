import { useState } from 'react'
import { ConfirmButton } from './confirm-button.tsx'
import { DeedLine } from './deed-line.tsx'
import { TestPattern } from './test-pattern.tsx'
import { useDeed } from './use-deed.ts'
import type { ViewProps } from './use-facts.ts'

export function ActionsView({ bridge, facts }: ViewProps) {
  const [isTesting, setTesting] = useState(false)
  const deed = useDeed()
  if (isTesting) return <TestPattern end={() => setTesting(false)} />
  return (
    <div className="pane-stack">
      <button type="button" className="pane-button" onClick={() => setTesting(true)}>
        Show the test pattern
      </button>
      <button
        type="button"
        className="pane-button"
        disabled={deed.isRunning}
        onClick={() =>
          deed.run(
            () => bridge.reloadContent(),
            () => 'The content is being loaded anew.',
          )
        }
      >
        Load the content anew
      </button>
      <ConfirmButton
        label="Restart the app"
        question="The screen goes dark for some seconds."
        isDisabled={deed.isRunning}
        deed={() =>
          deed.run(
            () => bridge.restartApp(),
            () => 'The app ends and comes back.',
          )
        }
      />
      {facts.canReboot ? (
        <ConfirmButton
          label="Restart the machine"
          question="The screen goes dark for a minute or two."
          isDisabled={deed.isRunning}
          deed={() =>
            deed.run(
              () => bridge.reboot(),
              () => 'The machine restarts.',
            )
          }
        />
      ) : (
        <p className="pane-text">This kiosk may not restart its machine: it was started without --allow-reboot.</p>
      )}
      <DeedLine deed={deed} running="Under way" />
    </div>
  )
}
