import { z } from 'zod'
import { channelName } from './channel.ts'

/** Largest payload of one publication, in bytes of JSON. */
export const maxPublicationBytes = 64 * 1024

/** Deepest nesting of arrays and objects in a publication: deeper data could exhaust the stack of whoever reads it. */
const maxNesting = 100

/** Any JSON value that is not nested too deeply. What has been parsed from JSON is one already. */
export const jsonData = z
  .unknown()
  .refine((data) => isNestedAtMost(data, maxNesting), `The data is nested more than ${maxNesting} levels deep.`)

function isNestedAtMost(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((each) => isNestedAtMost(each, levels - 1))
}

/** Most tags of one publication. */
const maxTags = 64

/** What a publication is, wherever it goes. */
export const publicationFields = z.object({
  data: jsonData.optional(),
  /** The data's JSON text in base64, instead of `data`. */
  b64data: z.string().optional(),
  tags: z
    .record(z.string().max(64), z.string().max(256))
    .refine((tags) => Object.keys(tags).length <= maxTags, `A publication has at most ${maxTags} tags.`)
    .optional(),
  idempotency_key: z
    .string()
    .min(1, 'An idempotency key has 1 to 128 characters.')
    .max(128, 'An idempotency key has 1 to 128 characters.')
    .optional(),
  /** Reaches who is there now and is not kept. */
  skip_history: z.boolean().optional(),
  /** Accepted for Centrifugo's libraries: deltas are made for whoever asked for them, where the namespace allows it. */
  delta: z.boolean().optional(),
  /** A state's number: one that is not higher than the highest seen in the channel reaches nobody. 0 is none. */
  version: z.int().min(0).optional(),
  version_epoch: z.string().max(64).optional(),
})

/** Null is data. */
export function hasData({
  data,
  b64data,
}: {
  readonly data?: unknown
  readonly b64data?: string | undefined
}): boolean {
  return data !== undefined || (b64data !== undefined && b64data !== '')
}
export const dataMissing = { path: ['data'], error: 'Give the data to publish: any JSON value.' }

/** `POST /api/publish`: shape-compatible with Centrifugo's server API, of which `server-api.ts` has the rest. */
export const publishRequest = z
  .object({ channel: channelName, ...publicationFields.shape })
  .refine(hasData, dataMissing)
export const publishResult = z.object({
  offset: z.int().optional(),
  epoch: z.string().optional(),
  /** Only there when the same was published before: by its idempotency key, or with as high a version. */
  duplicate: z.literal(true).optional(),
})
export const serverError = z.object({ error: z.object({ code: z.int(), message: z.string() }) })
/** The server API answers 200 with a result or an error, as Centrifugo does. */
export const publishAnswer = z.union([z.object({ result: publishResult }), serverError])
