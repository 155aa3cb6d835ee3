import { Alert } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { DeviceView } from '#protocol/devices.ts'
import { ago } from '../../shared/time.ts'
import { When } from '../when.tsx'
import { faultSentences, sentenceOf } from './screen-words.ts'

/** What a screen shows, and what went wrong with it. */
export function ContentCard({ device, now }: { readonly device: DeviceView; readonly now: number }) {
  const { status } = device
  return (
    <section className="card" aria-labelledby="content">
      <div className="card-head">
        <h2 id="content">Content</h2>
        {status !== null && (
          <span className="soft">
            said{' '}
            <When at={status.reportedAt} now={now}>
              {ago(Date.parse(status.reportedAt), now)}
            </When>
          </span>
        )}
      </div>
      {status === null ? (
        <p className="soft">It has not said yet how it is. It does so when it is online, if its app is new enough.</p>
      ) : (
        <Shell shell={status.shell} now={now} />
      )}
    </section>
  )
}

function Shell({ shell, now }: { readonly shell: NonNullable<DeviceView['status']>['shell']; readonly now: number }) {
  const { phase, since, url, fault, message, restarts } = shell
  return (
    <>
      <p>{sentenceOf(shell)}</p>
      {fault !== null && (
        <Alert
          color={phase === 'failed' ? 'red' : 'brass'}
          title={faultSentences[fault]}
          icon={<IconAlertTriangle aria-hidden="true" />}
        >
          {message !== null && <p>{message}</p>}
          <p className="screen-code">Code: {fault}</p>
        </Alert>
      )}
      <dl className="card-facts">
        {url !== null && (
          <div className="screen-wide">
            <dt>Page</dt>
            <dd>{url}</dd>
          </div>
        )}
        <div>
          <dt>Since</dt>
          <dd>
            <When at={since} now={now} />
          </dd>
        </div>
        <div>
          <dt>Restarts of late</dt>
          <dd>{restarts}</dd>
        </div>
      </dl>
    </>
  )
}
