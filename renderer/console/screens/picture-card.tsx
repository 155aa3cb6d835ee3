import type { DeviceCommandView } from '#protocol/device-commands.ts'
import type { DeviceView } from '#protocol/devices.ts'
import { moment } from '../../shared/time.ts'
import { When } from '../when.tsx'
import { screenshotAddress } from './screens-api.ts'

interface PictureCardProps {
  readonly device: DeviceView
  /** The newest first. */
  readonly commands: readonly DeviceCommandView[]
  readonly now: number
}

/** What the screen showed when somebody last asked. */
export function PictureCard({ device, commands, now }: PictureCardProps) {
  const shot = commands.find(({ screenshot }) => screenshot)
  return (
    <section className="card" aria-labelledby="picture">
      <div className="card-head">
        <h2 id="picture">Screenshot</h2>
        {shot !== undefined && (
          <span className="soft">
            <When at={shot.sentAt} now={now} />
          </span>
        )}
      </div>
      {shot === undefined ? (
        <p className="soft">None yet. “Screenshot” above asks {device.name} for one.</p>
      ) : (
        <a href={screenshotAddress(shot)} target="_blank" rel="noreferrer" title="Open it in full size">
          <img
            className="screen-picture"
            src={screenshotAddress(shot)}
            alt={`What ${device.name} showed, ${moment(Date.parse(shot.sentAt), now)}`}
          />
        </a>
      )}
    </section>
  )
}
