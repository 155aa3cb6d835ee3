import { z } from 'zod'

/** What an operator publishes to `commands:<device>` to change what its screen shows. `null` clears the screen. */
export const showCommand = z.object({
  show: z
    .object({
      title: z.string().max(120).optional(),
      message: z
        .string()
        .min(1, 'A message has at least one character.')
        .max(2000, 'A message has at most 2,000 characters.'),
    })
    .nullable(),
})
export type ShowCommand = z.infer<typeof showCommand>

/** What a kiosk's screen shows now. Times are milliseconds since 1970. */
export type Screen =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'message'; readonly title?: string; readonly message: string; readonly receivedAt: number }
