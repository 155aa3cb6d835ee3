import { abi, type Functions, statuses } from './abi.ts'
import { type LibraryState, NativeError } from './native.ts'

/** libcarillon, opened and found to be the one that this binding is for. */
export interface Library {
  readonly state: Extract<LibraryState, { present: true }>
  /** Throws what a status other than "it went well" means. */
  call<Name extends keyof Functions>(name: Name, ...args: Functions[Name]): void
}

export type OpenedLibrary = Library | { readonly state: Extract<LibraryState, { present: false }> }

/** The library at this path, or why it cannot be used. Never throws. */
export async function openLibrary(path: string): Promise<OpenedLibrary> {
  try {
    const { default: ffi } = await import('ffi-rs')
    const { DataType } = ffi
    ffi.open({ library: path, path })
    const typeOf = (value: string | number | Buffer) =>
      typeof value === 'string' ? DataType.String : typeof value === 'number' ? DataType.I32 : DataType.U8Array
    const number = (funcName: string, paramsValue: readonly (string | number | Buffer)[]): number =>
      ffi.load({
        library: path,
        funcName,
        retType: DataType.I32,
        paramsType: paramsValue.map(typeOf),
        paramsValue: [...paramsValue],
      })
    const text = (funcName: string): string =>
      ffi.load({ library: path, funcName, retType: DataType.String, paramsType: [], paramsValue: [] })

    const found = number('carillon_abi', [])
    if (found !== abi) return absent(`${path} has ABI ${found}, and this version of Carillon needs ${abi}`)
    // Numbers go and come as they are, those with a sign too: then addresses and texts do as well.
    if (number('carillon_add', [2_000_000_000, -2_000_000_042]) !== -42)
      return absent(`${path} cannot add: it was built for another machine`)
    return {
      state: { present: true, path, version: text('carillon_version'), abi: found },
      call(name, ...args) {
        if (args.some((one) => typeof one === 'string' && one.includes('\0')))
          throw new NativeError('invalid_argument', 'A path or display has no zero byte in it.')
        const status = statuses[number(name, args)] ?? 'failed'
        if (status !== 'ok') throw new NativeError(status, text('carillon_last_error'))
      },
    }
  } catch (error) {
    return absent(error instanceof Error ? error.message : String(error))
  }
}

export function absent(reason: string): OpenedLibrary {
  return { state: { present: false, reason } }
}
