/** What a person is told when electron-builder fails: a download that does not work says what else there is. */
export function packagingTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return downloading.has(error.name) ? `${error.message}. ${advice}` : error.message
}

/** Errors of the library that electron-builder and Electron's own downloader fetch with. */
const downloading = new Set(['RequestError', 'HTTPError', 'TimeoutError', 'ReadError'])
const advice =
  'Electron comes from github.com, once for each version and processor. Behind a proxy set ELECTRON_GET_USE_PROXY=1 and ' +
  'HTTPS_PROXY; where github.com is out of reach, give the address of a mirror in ELECTRON_MIRROR, or package elsewhere'
