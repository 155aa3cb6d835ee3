import type { Outcome } from '#protocol/ipc.ts'
import { CredentialsError } from './credentials.ts'
import { ServerError } from './server-error.ts'

export const done: Outcome = { ok: true }

export function failed(code: string, message: string): Outcome {
  return { ok: false, code, message }
}

/** The outcome of what a person asked for; errors that nobody foresaw go on. */
export async function outcomeOf(action: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof ServerError || error instanceof CredentialsError) return failed(error.code, error.message)
    throw error
  }
}
