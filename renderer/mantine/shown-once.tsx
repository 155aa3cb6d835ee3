import { Stack } from '@mantine/core'
import { type ReactNode, useContext, useLayoutEffect, useRef } from 'react'
import { DialogHold } from './dialog-hold.ts'

/**
 * Something that a dialog shows this once. Neither Escape nor a click beside it takes it away, and it takes the focus:
 * the form that had it is gone.
 */
export function ShownOnce({ children }: { readonly children: ReactNode }) {
  const hold = useContext(DialogHold)
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    place.current?.querySelector<HTMLElement>('input, button')?.focus()
    hold(true)
    return () => hold(false)
  }, [hold])
  return (
    <Stack gap="md" ref={place}>
      {children}
    </Stack>
  )
}
