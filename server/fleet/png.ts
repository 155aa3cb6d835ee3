const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const largestSide = 16_384

/** Whether this begins as a PNG does: its signature, and a header with sides that a screen can have. */
export function isPng(bytes: Buffer): boolean {
  if (bytes.length < 33 || !bytes.subarray(0, 8).equals(signature)) return false
  if (bytes.readUInt32BE(8) !== 13 || bytes.toString('latin1', 12, 16) !== 'IHDR') return false
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)].every((side) => side >= 1 && side <= largestSide)
}
