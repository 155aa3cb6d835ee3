/** Why the records could not be read or written. `message` is a sentence for people. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError'
  /** `away`: they do not answer. `busy`: too much waits for them on this node. */
  readonly code: 'away' | 'busy'
  constructor(code: RecordsError['code'], options?: ErrorOptions) {
    super(sentences[code], options)
    this.code = code
  }
}

const sentences = {
  away: 'The database does not answer at the moment. Try again in a moment.',
  busy: 'The database has too much to do at the moment. Try again in a moment.',
} as const satisfies Record<RecordsError['code'], string>
