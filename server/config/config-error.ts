/** Why the server does not start, with all that is wrong at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code: 'config_invalid'
  readonly problems: readonly string[]
  constructor(code: 'config_invalid', problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.code = code
    this.problems = problems
  }
}
