import { jsonData } from '#protocol/publications.ts'

/** Data that came as JSON or, from libraries that cannot nest it, as base64 of its JSON text. */
export type GivenJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

/** Everything here is JSON: bytes that are something else would need the Protobuf encoding, which is not spoken. */
export function givenJson(value: unknown, base64: string | undefined): GivenJson {
  if (base64 === undefined || base64 === '') return { ok: true, value }
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return { ok: false, message: 'This is not base64.' }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))
    const parsed = jsonData.safeParse(JSON.parse(text))
    if (parsed.success) return { ok: true, value: parsed.data }
    return { ok: false, message: parsed.error.issues[0]?.message ?? 'The data is not valid.' }
  } catch {
    return { ok: false, message: 'The bytes in base64 have to be JSON text in UTF-8.' }
  }
}
