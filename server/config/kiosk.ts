import { z } from 'zod'
import { webOrigin } from '#protocol/device-settings.ts'

/** What every screen is told. */
export const kioskSettings = z.strictObject({
  /** Whose pages screens may show, such as `https://signs.example.org`; each has those besides that it was started with. */
  allowed_origins: z.array(webOrigin).max(100).default([]),
})
