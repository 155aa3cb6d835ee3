import { ConfirmButton } from './confirm-button.tsx'
import { DeedLine } from './deed-line.tsx'
import { useDeed } from './use-deed.ts'
import type { ViewProps } from './use-facts.ts'

export function CredentialView({ bridge, facts }: ViewProps) {
  const deed = useDeed()
  const isEnrolled = facts.enrolment === 'enrolled'
  return (
    <div className="pane-stack">
      {facts.userCode !== null && (
        <p className="pane-text">
          This screen waits for approval. An operator enters <strong>{facts.userCode}</strong> in the console.
        </p>
      )}
      {!isEnrolled && facts.userCode === null && <p className="pane-text">This screen has no credential now.</p>}
      {isEnrolled && (
        <>
          <p className="pane-text">
            With its credential this screen proves to {facts.server} that it is {facts.name}.
          </p>
          <ConfirmButton
            label="Change the credential"
            question="The server gives a new one, and the present one ends. The screen goes on as it is."
            isDisabled={deed.isRunning}
            deed={() =>
              deed.run(
                () => bridge.rotateCredential(),
                () => 'This screen has a new credential.',
              )
            }
          />
          <ConfirmButton
            label="Forget the credential"
            question="The screen shows a code afterwards, and an operator has to approve it anew. Its PIN is forgotten too."
            isDisabled={deed.isRunning}
            deed={() =>
              deed.run(
                () => bridge.forgetCredential(),
                ({ value: isEnded }) =>
                  isEnded
                    ? 'The credential is forgotten, and the server has ended it.'
                    : 'The credential is forgotten here. The server could not be told: remove this screen in the console.',
              )
            }
          />
        </>
      )}
      <DeedLine deed={deed} running="Under way" />
    </div>
  )
}
