/** Why a command failed. `message` is a sentence that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: string
  readonly exitCode: 1 | 2
  constructor(code: string, message: string, options?: ErrorOptions & { exitCode?: 1 | 2 }) {
    super(message, options)
    this.code = code
    this.exitCode = options?.exitCode ?? 1
  }
}

/** Wrong usage: the words of the command are off. */
export function usageError(code: string, message: string): CliError {
  return new CliError(code, message, { exitCode: 2 })
}
