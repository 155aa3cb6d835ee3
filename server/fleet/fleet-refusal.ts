/** What is refused about a device, for whoever asked: the codes are those of the HTTP API. */
export type FleetRefusalCode =
  | 'bad_request'
  | 'forbidden'
  | 'not_found'
  | 'unknown_channel'
  | 'unknown_command'
  | 'already_exists'
  | 'too_many_commands'
  | 'unavailable'

/** `message` is a sentence that says what to do. */
export class FleetRefusal extends Error {
  override readonly name = 'FleetRefusal'
  readonly code: FleetRefusalCode

  constructor(code: FleetRefusalCode, message: string) {
    super(message)
    this.code = code
  }
}
