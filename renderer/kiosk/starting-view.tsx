import { Bell } from '../shared/bell.tsx'

export function StartingView() {
  return (
    <main className="view view-centred">
      <Bell className="mark mark-large" />
      <h1 className="name">Carillon</h1>
      <p className="quiet" role="status">
        Starting
      </p>
    </main>
  )
}
