import { type ReplyErrorName, replyErrors } from '#protocol/error-codes.ts'
import { BrokerError } from '#server/broker/broker-error.ts'

/** What becomes of a call of the server API: a value, or an error with the protocol's code. */
export type Answered<T> = { readonly ok: true; readonly value: T } | Refused
export interface Refused {
  readonly ok: false
  readonly code: number
  readonly message: string
}

export function answered<T>(value: T): Answered<T> {
  return { ok: true, value }
}

export function refused(error: ReplyErrorName, message: string = replyErrors[error].message): Refused {
  return { ok: false, code: replyErrors[error].code, message }
}

/** Whether it is our trouble, and trying again later is right. */
export function isTemporary({ code }: Refused): boolean {
  return code === replyErrors.internal.code
}

/** Answers with the broker's trouble instead of throwing it. */
export async function withBroker<T>(work: () => Promise<Answered<T>>): Promise<Answered<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BrokerError) return refused('internal', error.message)
    throw error
  }
}
