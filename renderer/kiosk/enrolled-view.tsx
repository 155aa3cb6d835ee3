import type { KioskState } from '#protocol/ipc.ts'
import type { ShellView } from '#protocol/shell-view.ts'
import { Bell } from '../shared/bell.tsx'
import { useNow } from '../shared/now.ts'
import { clockTime, fullDate } from '../shared/time.ts'
import { driftClass } from './drift.ts'
import { IdentifyView } from './identify-view.tsx'
import { MessageView } from './message-view.tsx'
import { PageView } from './page-view.tsx'
import { Strip } from './strip.tsx'
import { TaskLine } from './task-line.tsx'

interface EnrolledViewProps {
  readonly state: Extract<KioskState, { phase: 'enrolled' }>
  readonly shell: ShellView | null
}

export function EnrolledView({ state, shell }: EnrolledViewProps) {
  const { device, link, screen, server, storage, tasks } = state
  const [task] = tasks
  const now = useNow(1000)
  if (shell?.identifying === true) return <IdentifyView name={device.name} server={server} />
  return (
    <main className={`view view-enrolled ${driftClass(now)}`}>
      <Strip link={link} shell={shell} showing={screen.kind === 'waiting' ? 'nothing' : screen.kind} now={now} />
      <div className="stage">
        {screen.kind === 'message' && <MessageView key={screen.receivedAt} screen={screen} />}
        {screen.kind === 'page' && shell !== null && <PageView shell={shell} now={now} />}
        {screen.kind === 'waiting' && (
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
        {screen.kind !== 'waiting' && <time>{clockTime(now)}</time>}
      </footer>
    </main>
  )
}
