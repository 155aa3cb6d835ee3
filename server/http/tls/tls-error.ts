/** Why a certificate or its key cannot be used. `message` is a sentence that says what to do. */
export class TlsError extends Error {
  override readonly name = 'TlsError'
  readonly code: TlsErrorCode
  constructor(code: TlsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type TlsErrorCode =
  | 'tls_file_missing'
  | 'tls_file_unreadable'
  | 'tls_file_unwritable'
  | 'tls_certificate_invalid'
  | 'tls_key_invalid'
  | 'tls_key_exposed'
  | 'tls_key_mismatch'
