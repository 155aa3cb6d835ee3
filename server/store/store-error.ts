/** Why what the server keeps things in could not be opened. `message` is a sentence that says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type StoreErrorCode =
  | 'data_folder_unwritable'
  | 'database_unreadable'
  | 'database_newer'
  | 'migration_failed'
  | 'database_unreachable'
  | 'database_refused'
  | 'database_missing'
  | 'database_too_old'
  | 'redis_unreachable'
  | 'redis_refused'
