export interface Key {
  readonly control: boolean
  readonly meta: boolean
  readonly alt: boolean
  readonly key: string
}

/** With Control these edit a text; every other combination belongs to a browser, and a kiosk is none. */
const editing = /^[acvxyz]$/i
/** Keys of keyboards and remote controls that go elsewhere. */
const elsewhere = /^(?:F\d+|Browser.*|Launch.*|GoBack|GoForward|Print.*|ContextMenu|Help)$/

/** Whether a key, or a combination, could lead out of the kiosk or change how it looks. */
export function leadsOut({ control, meta, alt, key }: Key): boolean {
  if (elsewhere.test(key)) return true
  if (alt && key !== 'Alt' && key !== 'AltGraph') return true
  return (control || meta) && key !== 'Control' && key !== 'Meta' && key !== 'Shift' && !editing.test(key)
}
