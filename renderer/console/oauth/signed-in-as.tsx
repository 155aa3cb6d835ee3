import type { Me } from '#protocol/api.ts'
import { useSignOut } from '../use-sign-out.ts'

/** Whose account it is about, and the way out for whoever is somebody else. */
export function SignedInAs({ me }: { readonly me: Me }) {
  const signOut = useSignOut()
  return (
    <p className="soft wrap">
      Signed in as {me.name}
      {me.email !== null && ` (${me.email})`}.{' '}
      <button type="button" className="link-button" onClick={() => signOut.mutate()}>
        Sign in as somebody else
      </button>
    </p>
  )
}
