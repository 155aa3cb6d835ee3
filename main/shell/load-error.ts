import type { ShellFault } from '#protocol/device-report.ts'

/** What Chromium says when a page cannot be loaded, as a fault; null when it was only stopped. */
export function loadFault(code: number, name: string): { readonly fault: ShellFault; readonly detail: string } | null {
  if (code === aborted) return null
  if (code === tooManyRedirects) return { fault: 'navigation_loop', detail: 'Its server redirects in a circle.' }
  if (code === timedOut || code === connectionTimedOut) return { fault: 'load_timeout', detail: '' }
  const known = certificates[code]
  if (known !== undefined) return { fault: 'certificate_error', detail: known }
  if (code <= -200 && code > -300) return { fault: 'certificate_error', detail: `Chromium says ${name}.` }
  return { fault: 'load_failed', detail: network[code] ?? `Chromium says ${name}.` }
}

// Chromium's net_error_list.h
const aborted = -3
const timedOut = -7
const connectionTimedOut = -118
const tooManyRedirects = -310
const network: Readonly<Record<number, string>> = {
  [-20]: 'It leads to a page that this screen may not show.',
  [-21]: 'The network changed meanwhile.',
  [-101]: 'Its server cut the connection.',
  [-102]: 'Nothing listens at its address.',
  [-105]: 'The name of its server is not known.',
  [-106]: 'This machine has no network.',
  [-109]: 'Its server cannot be reached.',
  [-137]: 'The name of its server cannot be looked up.',
  [-324]: 'Its server answered nothing.',
}
const certificates: Readonly<Record<number, string>> = {
  [-200]: 'It is for another name.',
  [-201]: 'It has expired, is not valid yet, or the clock of this machine is wrong.',
  [-202]: 'No authority that this machine knows has signed it.',
}
