import type { ReactNode } from 'react'
import { ThemeToggle } from '../mantine/theme-toggle.tsx'

/** A page with nothing but what is asked, in its middle. */
export function DoorPage({ children }: { readonly children: ReactNode }) {
  return (
    <main className="door">
      <div className="door-tools">
        <ThemeToggle />
      </div>
      {children}
    </main>
  )
}
