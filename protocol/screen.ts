import { z } from 'zod'

/** Words over the whole screen. */
export const messageToShow = z.object({
  title: z.string().max(120).optional(),
  message: z
    .string()
    .min(1, 'A message has at least one character.')
    .max(2000, 'A message has at most 2,000 characters.'),
})

/** An address that a screen may be told to show. Which of them it does show, its own list of allowed origins decides. */
export const pageAddress = z
  .url({ protocol: /^https?$/, error: 'Give an address that begins with http:// or https://.' })
  .max(2000)

/** What an operator publishes to `commands:<device>` to change what its screen shows. `null` clears the screen. */
export const showCommand = z.object({
  show: z.union([messageToShow, z.object({ url: pageAddress })]).nullable(),
})
export type ShowCommand = z.infer<typeof showCommand>

/** What a kiosk's screen shows now. Times are milliseconds since 1970. */
export type Screen =
  | { readonly kind: 'waiting' }
  /** A page that is up meanwhile stays below it, and is there again when it is asked for. */
  | { readonly kind: 'message'; readonly title?: string; readonly message: string; readonly receivedAt: number }
  | { readonly kind: 'page'; readonly url: string; readonly receivedAt: number }
