import { Modal, type ModalRootProps } from '@mantine/core'
import type { ReactNode } from 'react'

interface DialogProps extends Pick<ModalRootProps, 'opened' | 'onClose'> {
  readonly title: string
  /** Room for a form with long fields. */
  readonly wide?: boolean
  /** It holds something that is lost with it: only what is in it closes it. */
  readonly held?: boolean
  readonly children: ReactNode
}

/** A dialog that takes the focus, gives it back, and closes with Escape. */
export function Dialog({ opened, onClose, title, wide = false, held = false, children }: DialogProps) {
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      size={wide ? 'lg' : 'md'}
      closeOnEscape={!held}
      closeOnClickOutside={!held}
    >
      <Modal.Overlay />
      <Modal.Content>
        {/* Not Modal.Header: its header element would be a second banner of the page. */}
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          {!held && <Modal.CloseButton aria-label="Close" />}
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
