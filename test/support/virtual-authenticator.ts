import type { Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

/** A security key that exists in the browser only, and for this page only. */
export interface VirtualAuthenticator {
  /** Whether somebody is there to touch it. */
  touch(present: boolean): Promise<void>
  /** How many passkeys it holds. */
  passkeys(): Promise<number>
}

/** Nobody is there to touch it at first. It goes when the test has ended. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session = await page.context().newCDPSession(page)
  onTestFinished(() => session.detach().catch(() => undefined)) // with its page, perhaps
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: false,
    },
  })
  return {
    touch: async (enabled) => {
      await session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    passkeys: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
  }
}
