/** A code as it is written on the kiosk: `WDJB-MJHT`, whatever was typed. */
export function formatUserCode(typed: string): string {
  const letters = typed
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, codeLength)
  return letters.length > groupLength ? `${letters.slice(0, groupLength)}-${letters.slice(groupLength)}` : letters
}

export function isWholeUserCode(code: string): boolean {
  return code.length === codeLength + 1
}

const codeLength = 8
const groupLength = 4
