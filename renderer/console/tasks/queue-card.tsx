import type { TaskQueueView } from '#protocol/tasks.ts'
import { linkTo } from '../location.ts'
import { When } from '../when.tsx'
import { addressFor } from './task-filter.ts'
import { durationWords } from './task-words.ts'

/** How much waits, and since when. */
export function QueueCard({ queues, now }: { readonly queues: readonly TaskQueueView[]; readonly now: number }) {
  return (
    <section className="card task-card" aria-labelledby="queues">
      <h2 id="queues">Queues</h2>
      {queues.length === 0 ? (
        <p className="soft">Nothing waits and nothing runs.</p>
      ) : (
        <table className="table" aria-labelledby="queues">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" className="number">
                Waiting
              </th>
              <th scope="col" className="number">
                Running
              </th>
              <th scope="col" className="number">
                Oldest
              </th>
            </tr>
          </thead>
          <tbody>
            {queues.map(({ name, waiting, running, oldestAt }) => (
              <tr key={name}>
                <th scope="row">
                  <a className="table-link" {...linkTo(addressFor({ queue: name }))}>
                    {name}
                  </a>
                </th>
                <td className="number">{waiting.toLocaleString('en')}</td>
                <td className="number">{running.toLocaleString('en')}</td>
                <td className="number">
                  {oldestAt === null ? (
                    '–'
                  ) : (
                    <When at={oldestAt} now={now}>
                      {durationWords(now - Date.parse(oldestAt))}
                    </When>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
