import type { SyntheticEvent } from 'react'

/**
 * What a form does with faults in its fields, given to `onSubmit`: the first of them on the page has the focus, where
 * it is read out, and in sight on a small screen.
 */
export function focusFault(
  errors: Readonly<Record<string, unknown>>,
  _values: unknown,
  event: SyntheticEvent<HTMLFormElement> | undefined,
): void {
  const fields = [...(event?.currentTarget.querySelectorAll<HTMLElement>('[data-path]') ?? [])]
  const first = fields.find(({ dataset }) => dataset.path !== undefined && dataset.path in errors)
  const control = first?.matches('input, textarea') ? first : first?.querySelector<HTMLElement>('input, textarea')
  control?.focus()
}
