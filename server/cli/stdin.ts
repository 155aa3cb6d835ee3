import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { usageError } from './cli-error.ts'

/** All of standard input, without the newline at its end. At most 1 MiB. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk))
    size += chunks.at(-1)?.length ?? 0
    if (size > 1024 * 1024) throw usageError('input_too_large', 'Standard input may have 1 MiB at most.')
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** Asks at the terminal. With `hidden` nothing that is typed is shown. */
export async function ask(question: string, { hidden = false } = {}): Promise<string> {
  if (!process.stdin.isTTY) {
    throw usageError(
      'not_a_terminal',
      'There is no terminal to ask at. Give the value with a flag or on standard input.',
    )
  }
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    if (hidden) process.stderr.write('\n')
  }
}
