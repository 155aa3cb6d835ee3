import type { TaskDefinitionView } from '#protocol/tasks.ts'
import { linkTo } from '../location.ts'
import { When } from '../when.tsx'
import { addressFor } from './task-filter.ts'
import { scheduleWords } from './task-words.ts'

interface ScheduleCardProps {
  /** Those that have a schedule. */
  readonly definitions: readonly TaskDefinitionView[]
  readonly now: number
}

/** What is submitted by itself, and when next. */
export function ScheduleCard({ definitions, now }: ScheduleCardProps) {
  return (
    <section className="card task-card" aria-labelledby="schedules">
      <h2 id="schedules">Schedules</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whatever scrolls must be reachable with the keyboard */}
      <ul className="rows task-scroll" tabIndex={0} aria-labelledby="schedules">
        {definitions.map(({ name, schedule, nextAt }) => (
          <li key={name} className="row-item">
            <div className="row-text">
              <a className="table-link" {...linkTo(addressFor({ name }))}>
                {name}
              </a>
              <p className="row-under" title={schedule ?? ''}>
                {scheduleWords(schedule ?? '')}
              </p>
            </div>
            {nextAt !== null && (
              <span className="task-load">
                next <When at={nextAt} now={now} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
