/** Deeper than this nothing that is meant well is nested, and what walks it would run out of stack. */
const maxDepth = 200
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * JSON that others wrote.
 *
 * @throws SyntaxError, TypeError where it is none; RangeError where it is nested too deeply
 */
export function parseJson(bytes: Uint8Array): unknown {
  if (depthOf(bytes) > maxDepth) throw new RangeError(`Its body is nested more than ${maxDepth} levels deep.`)
  return JSON.parse(decoder.decode(bytes))
}

/** How deep its brackets stand within each other. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0
  let deepest = 0
  let isString = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (isString) {
      if (byte === backslash) at += 1
      else if (byte === quote) isString = false
    } else if (byte === quote) isString = true
    else if (byte === openBracket || byte === openBrace) deepest = Math.max(deepest, ++depth)
    else if (byte === closeBracket || byte === closeBrace) depth -= 1
  }
  return deepest
}

const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = Buffer.from('"\\[]{}')
