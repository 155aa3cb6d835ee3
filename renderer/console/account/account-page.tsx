import type { Me } from '#protocol/api.ts'
import { roleNames } from '../permissions.ts'
import { GrantsSection } from './grants-section.tsx'
import { MyKeysSection } from './my-keys-section.tsx'
import { PasskeysSection } from './passkeys-section.tsx'
import { PasswordSection } from './password-section.tsx'
import { SecondFactorSection } from './second-factor-section.tsx'
import { SessionsSection } from './sessions-section.tsx'

/** How somebody signs in, and what is signed in for them. */
export function AccountPage({ me }: { readonly me: Me }) {
  return (
    <>
      <div>
        <h1>My account</h1>
        <p className="soft wrap">
          {me.name}
          {me.email !== null && `, ${me.email}`}, {roleNames[me.role].toLowerCase()}
        </p>
      </div>
      <div className="account">
        <div className="account-column">
          <SecondFactorSection />
          <PasskeysSection />
          <PasswordSection me={me} />
        </div>
        <div className="account-column">
          <SessionsSection />
          <MyKeysSection me={me} />
          <GrantsSection />
        </div>
      </div>
    </>
  )
}
