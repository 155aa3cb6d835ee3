import { Modal, type ModalRootProps } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { DialogHold } from './dialog-hold.ts'

interface DialogProps extends Pick<ModalRootProps, 'opened' | 'onClose'> {
  readonly title: string
  /** Room for a form with long fields. */
  readonly wide?: boolean
  readonly children: ReactNode
}

/** Mantine gives the focus back after 10 ms, which does nothing where what had it is gone. */
const focusBackMs = 20

/** Then it goes to the heading of the page: a keyboard would begin at the top of the document again. */
function useFocusPlace(opened: boolean): void {
  const wasOpen = useRef(opened)
  useEffect(() => {
    if (opened || !wasOpen.current) {
      wasOpen.current = opened
      return
    }
    wasOpen.current = false
    const timer = setTimeout(() => {
      const heading = document.querySelector<HTMLElement>('main h1')
      if (heading === null || document.activeElement !== document.body) return
      // Reached by script only, not with Tab.
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
    }, focusBackMs)
    return () => clearTimeout(timer)
  }, [opened])
}

/** A dialog that takes the focus, gives it back, and closes with Escape. */
export function Dialog({ opened, onClose, title, wide = false, children }: DialogProps) {
  const [isHeld, hold] = useState(false)
  useFocusPlace(opened)
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      size={wide ? 'lg' : 'md'}
      closeOnEscape={!isHeld}
      closeOnClickOutside={!isHeld}
    >
      <Modal.Overlay />
      <Modal.Content>
        {/* Not Modal.Header: its header element would be a second banner of the page. */}
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          {!isHeld && <Modal.CloseButton aria-label="Close" />}
        </div>
        <Modal.Body>
          <DialogHold value={hold}>{children}</DialogHold>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
