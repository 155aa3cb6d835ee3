import type { Me } from '#protocol/api.ts'
import { AccountPage } from './account/account-page.tsx'
import { AuditPage } from './administration/audit-page.tsx'
import { KeysPage } from './administration/keys-page.tsx'
import { ServicesPage } from './administration/services-page.tsx'
import { UsersPage } from './administration/users-page.tsx'
import { ClientPage } from './client-page.tsx'
import { ConnectionsPage } from './connections-page.tsx'
import { EnrolPage } from './enrol-page.tsx'
import type { LiveLink } from './live-link.ts'
import { LivePage } from './live-page.tsx'
import type { Location } from './location.ts'
import { NothingHere } from './nothing-here.tsx'
import { ScreenPage } from './screens/screen-page.tsx'
import { ScreensPage } from './screens-page.tsx'
import { TaskPage } from './tasks/task-page.tsx'
import { TasksPage } from './tasks/tasks-page.tsx'

interface ShellPageProps {
  readonly me: Me
  readonly link: LiveLink
  readonly location: Location
}

/** The page at an address, for somebody who is signed in. */
export function ShellPage({ me, link, location: { path, query } }: ShellPageProps) {
  const task = /^\/tasks\/([^/]+)$/.exec(path)?.[1]
  if (task !== undefined) return <TaskPage key={task} me={me} link={link} id={task} />
  const screen = /^\/screens\/([^/]+)$/.exec(path)?.[1]
  if (screen !== undefined) return <ScreenPage key={screen} me={me} link={link} name={screen} />
  switch (path) {
    case '/enrol':
      return <EnrolPage key={query.get('code')} me={me} code={query.get('code')} />
    case '/live':
      return <LivePage link={link} channel={query.get('channel')} />
    case '/connections':
      return <Connections me={me} client={query.get('client')} />
    case '/tasks':
      return <TasksPage me={me} link={link} query={query.toString()} />
    case '/account':
      return <AccountPage me={me} />
    case '/users':
      return <UsersPage me={me} />
    case '/keys':
      return <KeysPage me={me} />
    case '/services':
      return <ServicesPage me={me} />
    case '/audit':
      return <AuditPage me={me} />
    case '/':
      return <ScreensPage me={me} />
    default:
      return <NothingHere />
  }
}

function Connections({ me, client }: { readonly me: Me; readonly client: string | null }) {
  return client === null ? <ConnectionsPage me={me} /> : <ClientPage key={client} me={me} id={client} />
}
