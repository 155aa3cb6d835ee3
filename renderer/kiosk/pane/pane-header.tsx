import { Bell } from '../../shared/bell.tsx'
import { useNow } from '../../shared/now.ts'
import { remaining } from '../../shared/time.ts'

interface PaneHeaderProps {
  readonly title: string
  readonly closesAt: number | null
  readonly close: () => void
}

export function PaneHeader({ title, closesAt, close }: PaneHeaderProps) {
  return (
    <header className="pane-header">
      <Bell className="mark" />
      <h1 className="pane-name">{title}</h1>
      {closesAt !== null && <ClosesSoon at={closesAt} />}
      <button type="button" className="pane-button" onClick={close}>
        Close
      </button>
    </header>
  )
}

/** Its own component, so that a tick renders a line and not the page. */
function ClosesSoon({ at }: { readonly at: number }) {
  const now = useNow(1000)
  return (
    <span className="pane-closing" role="status">
      Closes by itself in {remaining(at, now)}: touch anything to stay
    </span>
  )
}
