import type { Conversation } from '../ipc.ts'
import type { Pane } from './pane.ts'

/** The pane's verbs, as its page asks for them. */
export function answerPane({ answer }: Conversation, pane: Pane): void {
  answer('pane:state', () => pane.state)
  answer('pane:unlock', (way, digits) => pane.unlock(way, digits))
  answer('pane:close', () => pane.close())
  answer('pane:facts', () => pane.facts())
  answer('pane:log', () => pane.log())
  answer('pane:checkNetwork', () => pane.checkNetwork())
  answer('pane:changeServer', (address) => pane.changeServer(address))
  answer('pane:rotateCredential', () => pane.rotateCredential())
  answer('pane:forgetCredential', () => pane.forgetCredential())
  answer('pane:reloadContent', () => pane.reloadContent())
  answer('pane:restartApp', () => pane.restartApp())
  answer('pane:reboot', () => pane.reboot())
  answer('pane:places', () => pane.places())
  answer('pane:saveBundle', (place) => pane.saveBundle(place))
}
