import { z } from 'zod'

export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number | null
  readonly note: string | null
}

/** What stands as the result of a task in the state PROGRESS: the fields that most tasks in Python use. */
export function encodeProgress({ fraction, note }: Progress): string {
  return JSON.stringify({ current: fraction, total: 1, note })
}

const progressSchema = z.looseObject({
  current: z.number().nullish().catch(null),
  total: z.number().positive().nullish().catch(null),
  progress: z.number().nullish().catch(null),
  fraction: z.number().nullish().catch(null),
  percent: z.number().nullish().catch(null),
  note: z.string().nullish().catch(null),
  status: z.string().nullish().catch(null),
  message: z.string().nullish().catch(null),
})

/** As much as can be made of what a task said of itself, in whatever form. */
export function decodeProgress(result: unknown): Progress {
  const parsed = progressSchema.safeParse(result)
  if (!parsed.success) return { fraction: null, note: null }
  const { current, total, progress, fraction, percent, note, status, message } = parsed.data
  const said = note ?? status ?? message ?? null
  const ofTotal = typeof current === 'number' && typeof total === 'number' ? current / total : null
  const told = ofTotal ?? fraction ?? progress ?? (typeof percent === 'number' ? percent / 100 : null)
  const isKnown = told !== null && Number.isFinite(told)
  return { fraction: isKnown ? Math.min(1, Math.max(0, told)) : null, note: said?.slice(0, 500) ?? null }
}
