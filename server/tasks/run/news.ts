import type { TaskEnd } from '../records/task-life.ts'
import type { TaskRecords } from '../records/task-records.ts'
import type { TaskRow } from '../records/task-row.ts'
import type { TaskNews } from '../transport.ts'

/** Writes what workers behind the message broker tell. Answers the row, where it changed something. */
export function applyNews(records: TaskRecords, news: TaskNews): Promise<TaskRow | undefined> {
  switch (news.kind) {
    case 'started':
      return records.started(news.id, news.worker)
    case 'progress':
      return records.progress(news.id, news.fraction, news.note)
    case 'retrying':
      return records.retrying(news.id, news.error, news.nextAt)
    case 'succeeded':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return records.finish(news.id, endOf(news))
    default:
      return news satisfies never
  }
}

function endOf(news: Extract<TaskNews, { kind: TaskEnd['state'] }>): TaskEnd {
  switch (news.kind) {
    case 'succeeded':
      return { state: 'succeeded', result: news.result }
    case 'failed':
      return { state: 'failed', error: news.error }
    case 'cancelled':
      return { state: 'cancelled', reason: news.reason }
    case 'expired':
      return { state: 'expired' }
    default:
      return news satisfies never
  }
}
