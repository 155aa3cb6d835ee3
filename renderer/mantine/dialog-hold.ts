import { createContext } from 'react'

/** With this, what is in a dialog says that it is lost when the dialog goes: then only what is in it closes it. */
export const DialogHold = createContext<(isHeld: boolean) => void>(() => undefined)
