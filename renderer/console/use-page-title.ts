import { useEffect } from 'react'

/** Says in the tab, in the history and to a screen reader which page it is. */
export function usePageTitle(path: string): void {
  useEffect(() => {
    document.title = `${titles[path.replace(/^(\/(?:tasks|screens)\/)[^/]+$/, '$1')] ?? 'Nothing here'} · Carillon`
  }, [path])
}

const titles: Readonly<Record<string, string>> = {
  '/': 'Screens',
  '/screens/': 'Screen',
  '/enrol': 'Add a screen',
  '/live': 'Live',
  '/connections': 'Connections',
  '/tasks': 'Tasks',
  '/tasks/': 'Task',
  '/account': 'My account',
  '/users': 'Users',
  '/keys': 'Keys',
  '/services': 'Services',
  '/audit': 'Audit',
  '/sign-in': 'Sign in',
  '/setup': 'Create the first administrator',
  '/reset': 'Choose a password',
  '/oauth/consent': 'Let a service in',
  '/device': 'Connect a device or program',
}
