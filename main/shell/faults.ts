import type { ShellFault } from '#protocol/device-report.ts'

interface FaultWords {
  /** Whether the page could not be had, so that asking again is cheaper than loading it again. */
  readonly unavailable: boolean
  /** What is wrong, before the detail. */
  readonly what: string
  /** What whoever looks after the page can do. */
  readonly advice: string
}

/** Everything that is known of each fault. */
export const faultWords: Readonly<Record<ShellFault, FaultWords>> = {
  load_timeout: {
    unavailable: true,
    what: 'The page did not load in time.',
    advice: 'Check that its server answers quickly and that the network is not overloaded.',
  },
  load_failed: {
    unavailable: true,
    what: 'The page could not be loaded.',
    advice: 'Check its address, its server and the network of this screen.',
  },
  certificate_error: {
    unavailable: true,
    what: 'The certificate of the page is not trusted.',
    advice: 'Renew the certificate of its server, or give this screen the authority that signed it.',
  },
  renderer_gone: {
    unavailable: false,
    what: 'The page crashed.',
    advice: 'If it happens again, make the page lighter.',
  },
  unresponsive: {
    unavailable: false,
    what: 'The page stopped responding.',
    advice: 'Look for an endless loop in its scripts.',
  },
  blank_frame: {
    unavailable: false,
    what: 'The page shows one colour only.',
    advice: 'Look at the page, and at the screenshot of this screen.',
  },
  memory_ceiling: {
    unavailable: false,
    what: 'The page used more memory than it may.',
    advice: 'Look for what the page keeps and never lets go.',
  },
  navigation_loop: {
    unavailable: false,
    what: 'The page goes round in circles.',
    advice: 'Look for redirects, or a reload, that lead back to it.',
  },
  crash_loop: {
    unavailable: false,
    what: 'The page fails again and again.',
    advice: 'Show another page, or repair this one and reload it.',
  },
}

export function isUnavailable(fault: ShellFault): boolean {
  return faultWords[fault].unavailable
}

/** What is wrong, a detail where there is one, and what to do. */
export function faultSentence(fault: ShellFault, detail: string): string {
  const { what, advice } = faultWords[fault]
  return [what, detail, advice].filter((part) => part !== '').join(' ')
}
