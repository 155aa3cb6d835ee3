import { isLoopback } from './passkeys.ts'

/** Where passkeys can be used, for whoever is at an address where they cannot. `path` is the page to open there. */
export function PasskeyAddress({ path }: { readonly path: string }) {
  const { hostname, port, protocol } = window.location
  if (!isLoopback(hostname))
    return 'Passkeys need https and a name: open the console at such an address of this server.'
  const origin = `${protocol}//localhost${port === '' ? '' : `:${port}`}`
  return (
    <>
      Browsers have no passkeys at {hostname}: open <a href={`${origin}${path}`}>{origin}</a> instead.
    </>
  )
}
