export type ResultText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly type: 'result_too_large' | 'result_not_json'; readonly message: string }

/** A result as it is kept: JSON of at most so many bytes. */
export function resultText(result: unknown, maxBytes: number): ResultText {
  let text: string | undefined
  try {
    text = JSON.stringify(result === undefined ? null : result)
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return {
      ok: false,
      type: 'result_not_json',
      message: `Its result cannot be written as JSON (${reason}). ${advice}`,
    }
  }
  if (text === undefined) {
    const message = `Its result is a ${typeof result}, which cannot be written as JSON. ${advice}`
    return { ok: false, type: 'result_not_json', message }
  }
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return { ok: true, text }
  const message = `Its result is ${bytes} bytes of JSON, and a result has at most ${maxBytes} (tasks.max_result). Write it to a file: await context.file('report.csv', 'text/csv') answers where, and its owner downloads it.`
  return { ok: false, type: 'result_too_large', message }
}

const advice = 'Return plain objects, lists, texts, numbers, booleans or null.'
