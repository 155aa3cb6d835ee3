import { IconDownload } from '@tabler/icons-react'
import type { TaskView } from '#protocol/tasks.ts'
import { bytesInWords } from '../connection-words.ts'
import { fileAddress } from './tasks-api.ts'

/** What a task wrote for its owner. */
export function TaskFiles({ task: { id, files } }: { readonly task: TaskView }) {
  return (
    <section className="card task-card" aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ul className="rows">
        {files.map(({ name, bytes, type }) => (
          <li key={name} className="row-item">
            <div className="row-text">
              <a className="table-link" href={fileAddress(id, name)} download={name}>
                <IconDownload size={17} stroke={1.6} aria-hidden="true" className="row-icon" />
                {name}
              </a>
              <p className="row-under">
                {type} · {bytesInWords(bytes)}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
