import { type MouseEvent, useSyncExternalStore } from 'react'

/** The pages are few: the path and one parameter decide. */
export interface Location {
  readonly path: string
  readonly query: URLSearchParams
}

/** Where the reader is now. */
export function useLocation(): Location {
  const href = useSyncExternalStore(subscribe, () => `${window.location.pathname}${window.location.search}`)
  const url = new URL(href, window.location.origin)
  return { path: url.pathname, query: url.searchParams }
}

/** Goes to another page of the console. `replace` leaves no way back to this one. */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  window.scrollTo(0, 0)
  for (const listener of listeners) listener()
}

/** The properties of a link within the console: a click stays in the page, anything else is the browser's. */
export function linkTo(to: string): { href: string; onClick: (event: MouseEvent) => void } {
  return {
    href: to,
    onClick(event) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
      event.preventDefault()
      navigate(to)
    },
  }
}

const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
  }
}
