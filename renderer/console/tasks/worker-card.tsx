import type { TaskWorkerView } from '#protocol/tasks.ts'
import { ago } from '../../shared/time.ts'
import { linkTo } from '../location.ts'
import { When } from '../when.tsx'
import { durationWords, workerKinds } from './task-words.ts'

/** Who carries tasks out, and what each is at. */
export function WorkerCard({ workers, now }: { readonly workers: readonly TaskWorkerView[]; readonly now: number }) {
  return (
    <section className="card task-card task-workers" aria-labelledby="workers">
      <h2 id="workers">Workers</h2>
      {workers.length === 0 ? (
        <p className="soft">No worker is there: what is submitted waits for one.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whatever scrolls must be reachable with the keyboard
        <ul className="rows task-scroll" tabIndex={0} aria-labelledby="workers">
          {workers.map((worker) => (
            <Worker key={worker.name} worker={worker} now={now} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Worker({ worker, now }: { readonly worker: TaskWorkerView; readonly now: number }) {
  const { name, kind, concurrency, queues, running, seenAt } = worker
  const seen = Date.parse(seenAt)
  return (
    <li className="row-item task-worker">
      <div className="row-text">
        <p className="row-title">{name}</p>
        <p className="row-under">
          {workerKinds[kind]}
          {queues.length > 0 && ` · ${queues.join(', ')}`}
          {now - seen > silentMs && (
            <>
              {' · '}
              <When at={seenAt} now={now}>{`silent, seen ${ago(seen, now)}`}</When>
            </>
          )}
        </p>
        {running.length > 0 && (
          <ul className="task-busy" aria-label={`Run by ${name}`}>
            {running.slice(0, mostShown).map((task) => (
              <li key={task.id}>
                <a className="table-link" {...linkTo(`/tasks/${encodeURIComponent(task.id)}`)}>
                  {task.name}
                </a>
                {task.startedAt !== null && (
                  <span className="soft">
                    {' '}
                    <When at={task.startedAt} now={now}>
                      {durationWords(now - Date.parse(task.startedAt))}
                    </When>
                  </span>
                )}
              </li>
            ))}
            {running.length > mostShown && <li className="soft">and {running.length - mostShown} more</li>}
          </ul>
        )}
      </div>
      <span className="task-load">
        {running.length}
        {concurrency === null ? '' : ` of ${concurrency}`} busy
      </span>
    </li>
  )
}

/** Longer than any worker is silent that is well. */
const silentMs = 60_000
const mostShown = 4
