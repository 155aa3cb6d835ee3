import Bowser from 'bowser'

/** Longest name that is shown. */
const maxLength = 60

/**
 * What a browser is called, as in `Firefox on Linux`, or what a program calls itself, as in `carillon 1.0.0`; empty when
 * nothing is said. It comes from whoever asks, and is told as such.
 */
export function nameOfAgent(userAgent: string): string {
  const text = userAgent.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()
  if (text === '') return ''
  // Browsers all begin like this, since the first that did.
  if (!text.startsWith('Mozilla/')) return (text.split(/\s|\(/, 1)[0] ?? '').replace('/', ' ').slice(0, maxLength)
  const { browser, os } = Bowser.parse(text)
  const names = [browser.name, os.name].filter((name) => name)
  return names.length === 0 ? '' : names.join(' on ').slice(0, maxLength)
}
