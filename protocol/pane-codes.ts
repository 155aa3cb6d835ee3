import { z } from 'zod'
import { instant } from './api.ts'

/** One-time digits that open the local pane at one screen: `POST /api/v1/devices/{id}/pane-code`. */
export const paneCode = z.string().regex(/^\d{8}$/, 'A code has 8 digits.')

export const paneCodeAnswer = z.object({ code: paneCode, expiresAt: instant })
export type PaneCode = z.infer<typeof paneCodeAnswer>

/** `POST /api/v1/devices/me/pane-code`: a screen asks whether these digits open its pane. A right answer is given once. */
export const paneCodeCheck = z.object({ code: paneCode })
