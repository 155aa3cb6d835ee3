import { Bell } from '../shared/bell.tsx'

export function StartingView() {
  return (
    <main className="starting">
      <Bell className="starting-mark" />
      <h1>Carillon</h1>
      <p className="soft" role="status">
        Starting
      </p>
    </main>
  )
}
