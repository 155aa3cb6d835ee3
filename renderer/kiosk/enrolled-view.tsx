import type { KioskState } from '#protocol/ipc.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { clockTime, fullDate } from '../shared/time.ts'
import { driftClass } from './drift.ts'
import { MessageView } from './message-view.tsx'
import { OfflineStrip } from './offline-strip.tsx'
import { TaskLine } from './task-line.tsx'

type Enrolled = Extract<KioskState, { phase: 'enrolled' }>

export function EnrolledView({ state }: { readonly state: Enrolled }) {
  const { device, link, screen, storage, tasks } = state
  const [task] = tasks
  const now = useNow(1000)
  return (
    <main className={`view view-enrolled ${driftClass(now)}`}>
      {link.phase === 'offline' && <OfflineStrip link={link} now={now} showing={screen.kind === 'message'} />}
      <div className="stage">
        {screen.kind === 'message' ? (
          <MessageView key={screen.receivedAt} screen={screen} />
        ) : (
          <section className="waiting" aria-label="Waiting for messages">
            <Bell className="mark mark-large" />
            <time className="clock">{clockTime(now)}</time>
            <p className="date">{fullDate(now)}</p>
          </section>
        )}
      </div>
      {task !== undefined && <TaskLine task={task} others={tasks.length - 1} />}
      <footer className="foot">
        <h1 className="device">{device.name}</h1>
        {link.phase === 'connecting' && <span role="status">Connecting</span>}
        {storage === 'memory' && <span>Approved until this kiosk closes</span>}
        {screen.kind === 'message' && <time>{clockTime(now)}</time>}
      </footer>
    </main>
  )
}
