import { z } from 'zod'

/** A task that is sent when another one has ended: `add.s(1)` in Python. What else stands in it is kept. */
export const signature = z.looseObject({
  task: z.string().min(1).max(255),
  args: z.array(z.unknown()).nullish(),
  kwargs: z.record(z.string(), z.unknown()).nullish(),
  options: z
    .looseObject({
      task_id: z.string().max(255).nullish(),
      reply_to: z.string().max(255).nullish(),
      queue: z.union([z.string().max(255), z.looseObject({ name: z.string().max(255) })]).nullish(),
      group_id: z.string().max(255).nullish(),
      group_index: z.int().nullish(),
      root_id: z.string().max(255).nullish(),
      parent_id: z.string().max(255).nullish(),
      priority: z.number().nullish(),
      countdown: z.number().nullish(),
      retries: z.int().nullish(),
      ignore_result: z.boolean().nullish(),
      time_limit: z.number().nullish(),
      soft_time_limit: z.number().nullish(),
      headers: z.record(z.string(), z.unknown()).nullish(),
      // Lists of signatures, or one; looked at when they are sent.
      link: z.unknown().optional(),
      link_error: z.unknown().optional(),
      chord: z.unknown().optional(),
    })
    .nullish(),
  /** chain, group, chord and some others that Python has; null for a task. */
  subtask_type: z.string().nullish(),
  /** It does not want the result. */
  immutable: z.boolean().nullish(),
})
export type Signature = z.infer<typeof signature>

const signatures = z.array(signature).nullish()

/** What comes after a task. */
export const embed = z
  .object({
    callbacks: signatures,
    errbacks: signatures,
    /** Reversed: the next is the last. */
    chain: signatures,
    /** Sent when all of the group have ended. */
    chord: signature.nullish(),
  })
  .nullish()
  .transform((given) => ({
    callbacks: given?.callbacks ?? null,
    errbacks: given?.errbacks ?? null,
    chain: given?.chain ?? null,
    chord: given?.chord ?? null,
  }))
export type Embed = z.infer<typeof embed>

export const noEmbed: Embed = { callbacks: null, errbacks: null, chain: null, chord: null }

/** What `link` and `link_error` hold: none, one or several. */
export const signatureList = z
  .union([z.array(signature), signature.transform((one) => [one])])
  .nullish()
  .transform((list) => list ?? [])
