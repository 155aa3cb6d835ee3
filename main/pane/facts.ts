import type { PaneFacts } from '#protocol/pane.ts'
import { ownAddresses } from './network-check.ts'
import type { PaneOptions } from './pane.ts'

/** Most records of the supervisor that are shown. */
const mostRecords = 20

/** What the pane shows and a support bundle holds. */
export function gatherFacts(
  options: Pick<PaneOptions, 'kiosk' | 'content' | 'health' | 'machine' | 'about'>,
): PaneFacts {
  const { kiosk, content, health, machine, about } = options
  const { state } = kiosk
  const isEnrolled = state.phase === 'enrolled'
  return {
    ...about,
    name: isEnrolled ? state.device.name : null,
    addresses: ownAddresses(),
    server: kiosk.server,
    enrolment: state.phase,
    userCode: state.phase === 'enrolling' ? state.userCode : null,
    storage: isEnrolled ? state.storage : null,
    link: isEnrolled ? state.link : null,
    shell: content.state,
    history: content.history.slice(-mostRecords).toReversed(),
    health: health(),
    canReboot: machine.reboot !== null,
  }
}
