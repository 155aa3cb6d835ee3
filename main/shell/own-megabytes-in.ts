/** Megabytes of no file in what Linux says of a process (`/proc/PID/status`); null where it does not say. */
export function ownMegabytesIn(status: string): number | null {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024)
}
