import type { AuditParty, AuditView } from '#protocol/audit.ts'
import { exactTime, momentWithSeconds } from '../../shared/time.ts'
import { actionNames, outcomeNames } from './audit-words.ts'

export function AuditTable({ entries, now }: { readonly entries: readonly AuditView[]; readonly now: number }) {
  return (
    <table className="table" aria-label="Audit record">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">Outcome</th>
          <th scope="col">From</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td className="nowrap">
              <time dateTime={entry.time} title={exactTime(Date.parse(entry.time))}>
                {momentWithSeconds(Date.parse(entry.time), now)}
              </time>
            </td>
            <td className="wrap">{partyName(entry.actor)}</td>
            <td className="wrap">
              {actionNames[entry.action]}
              {isTold(entry.target) && <span className="table-under">{partyName(entry.target)}</span>}
              <Details entry={entry} />
            </td>
            <td>
              <span className={`outcome outcome-${entry.outcome}`}>{outcomeNames[entry.outcome]}</span>
            </td>
            <td className={entry.address.length > longestShort ? 'wrap' : 'nowrap'}>
              {entry.address || 'This server'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** `255.255.255.255`: IPv6 addresses may be longer, and take more than one line. */
const longestShort = 15

/** A session has an id and nothing that people call it: the details have it. */
function isTold(target: AuditParty | null): target is AuditParty {
  return target !== null && (target.kind !== 'session' || target.name !== '')
}

function partyName(party: AuditParty | null): string {
  if (party === null || party.kind === 'unknown') return party?.name || 'Nobody known'
  return party.name || party.id
}

function Details({ entry }: { readonly entry: AuditView }) {
  const facts = [
    ...(entry.code === null ? [] : [['code', entry.code] as const]),
    ...Object.entries(entry.details),
    ...(entry.actor === null ? [] : [['who', `${entry.actor.kind} ${entry.actor.id}`] as const]),
    ...(entry.target === null ? [] : [['on what', `${entry.target.kind} ${entry.target.id}`] as const]),
    ...(entry.requestId === '' ? [] : [['request', entry.requestId] as const]),
  ]
  return (
    <details className="audit-details">
      <summary>Details</summary>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
