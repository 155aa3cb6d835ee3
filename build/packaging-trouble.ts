/** What a person is told when electron-builder fails: a download that does not work says what else there is. */
export function packagingTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return downloading.has(error.name) ? `${error.message}. ${advice}` : error.message
}

/** Errors of the library that electron-builder and Electron's own downloader fetch with. */
const downloading = new Set(['RequestError', 'HTTPError', 'TimeoutError', 'ReadError'])
const advice =
  'Electron comes from github.com, once for each version and processor. Where that is out of reach, give the address of ' +
  'a mirror in ELECTRON_MIRROR, or package the app elsewhere.'
