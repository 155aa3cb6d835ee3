import type { TaskDetail, TaskEvent } from '#protocol/tasks.ts'
import { clockTime, clockTimeWithSeconds, moment } from '../../shared/time.ts'
import { When } from '../when.tsx'
import { eventNames } from './task-words.ts'

/** Everything that happened to it, in order. */
export function TaskLife({ task: { events, owner }, now }: { readonly task: TaskDetail; readonly now: number }) {
  return (
    <section className="card task-card" aria-labelledby="life">
      <h2 id="life">Its life</h2>
      <ol className="task-life">
        {events.map((event, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: what has happened stays where it is
          <li key={at} className={`task-event task-event-${event.kind}`}>
            <When at={event.at} now={now}>
              {clockWords(Date.parse(event.at), now)}
            </When>
            <div className="row-text">
              <p className="row-title">{eventNames[event.kind]}</p>
              <EventLine event={event} owner={owner?.name ?? 'a schedule'} />
              {event.reason !== null && <p className="task-reason">{event.reason}</p>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** To the second today; with its day otherwise. */
function clockWords(at: number, now: number): string {
  const words = moment(at, now)
  return words === clockTime(at) ? clockTimeWithSeconds(at) : words
}

function EventLine({ event, owner }: { readonly event: TaskEvent; readonly owner: string }) {
  const facts = [
    ...(event.kind === 'submitted' ? [`by ${owner}`] : []),
    ...(event.try === null || event.kind === 'submitted' ? [] : [`try ${event.try}`]),
    ...(event.worker === null ? [] : [`on ${event.worker}`]),
  ]
  return facts.length === 0 ? null : <p className="row-under">{facts.join(', ')}</p>
}
