import { BrokerError, type BrokerErrorCode } from '#server/broker/broker-error.ts'
import { EphemeralError } from '#server/store/ephemeral.ts'

/** An error as it travels between processes: what its reader may depend on, and no more. */
export interface WireError {
  readonly name: string
  readonly code: string | undefined
  readonly message: string
}

/** What went wrong in the other process, when it is none of the errors that callers tell apart here. */
export class RemoteError extends Error {
  override readonly name: string
  readonly code: string | undefined
  constructor({ name, code, message }: WireError) {
    super(message)
    this.name = name
    this.code = code
  }
}

export function toWire(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: 'Error', code: undefined, message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { name: error.name, code, message: error.message }
}

export function fromWire(error: WireError): Error {
  const { name, code, message } = error
  switch (name) {
    case 'BrokerError':
      return new BrokerError(code as BrokerErrorCode, message)
    case 'EphemeralError':
      return new EphemeralError(code as EphemeralError['code'], message)
    default:
      return new RemoteError(error)
  }
}
