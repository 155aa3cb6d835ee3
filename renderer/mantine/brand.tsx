import { Bell } from '../shared/bell.tsx'

/** The mark and the name, side by side. */
export function Brand({ large = false }: { readonly large?: boolean }) {
  return (
    <span className={large ? 'brand brand-large' : 'brand'}>
      <Bell className="brand-mark" />
      <span>Carillon</span>
    </span>
  )
}
