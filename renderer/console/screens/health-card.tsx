import { IconAlertTriangle } from '@tabler/icons-react'
import type { DeviceView } from '#protocol/devices.ts'
import { ago } from '../../shared/time.ts'
import { When } from '../when.tsx'
import { healthFacts } from './health-words.ts'

/** How the machine behind a screen is. */
export function HealthCard({ device, now }: { readonly device: DeviceView; readonly now: number }) {
  const health = device.status?.health ?? null
  return (
    <section className="card" aria-labelledby="health">
      <div className="card-head">
        <h2 id="health">Health</h2>
        {health !== null && (
          <span className="soft">
            measured{' '}
            <When at={health.at} now={now}>
              {ago(Date.parse(health.at), now)}
            </When>
          </span>
        )}
      </div>
      {health === null ? (
        <p className="soft">Nothing is known of its health yet.</p>
      ) : (
        <dl className="card-facts">
          {healthFacts(health).map(({ name, value, isBad }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className={isBad ? 'tone-bad' : ''}>
                {isBad && <IconAlertTriangle size={15} stroke={1.8} aria-label="Look at this:" />} {value}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}
