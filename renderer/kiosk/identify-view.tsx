import { Bell } from '../shared/bell.tsx'
import { MessageView } from './message-view.tsx'

/** The name of this screen, so large that somebody finds it in a room full of them. */
export function IdentifyView({ name, server }: { readonly name: string; readonly server: string }) {
  return (
    <main className="view view-enrolled view-identify">
      <div className="stage">
        <MessageView screen={{ message: name }} label="Name of this screen" as="h1" />
      </div>
      <footer className="foot">
        <Bell className="mark" />
        <span className="address">{server}</span>
      </footer>
    </main>
  )
}
