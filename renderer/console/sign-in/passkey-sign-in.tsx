import { Button } from '@mantine/core'
import { IconFingerprint } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useApi } from '../api-context.ts'
import { abandonPasskey, canUsePasskeys, signInWithOfferedPasskey, signInWithPasskey } from '../passkeys.ts'
import { ProblemAlert } from '../problem-alert.tsx'

/** What the server asks to be signed holds for five minutes, and the page may stay open for longer. */
const offerLastsMs = 4 * 60_000

/** Signs in with a passkey, by a button or where the browser offers one by itself. Nothing where it cannot work. */
export function PasskeySignIn({ onSignedIn }: { readonly onSignedIn: () => Promise<void> }) {
  if (!canUsePasskeys()) return null
  return <PasskeyButton onSignedIn={onSignedIn} />
}

function PasskeyButton({ onSignedIn }: { readonly onSignedIn: () => Promise<void> }) {
  const { passkeys } = useApi()
  const signIn = useMutation({
    mutationFn: (how: typeof signInWithPasskey) => how(passkeys),
    onSuccess: (given) => (given ? onSignedIn() : undefined),
  })
  const isAsked = signIn.isPending && signIn.variables === signInWithPasskey
  const offer = useRef(() => {})
  useEffect(() => {
    // Not while the browser asks for one already.
    offer.current = () => (isAsked ? undefined : signIn.mutate(signInWithOfferedPasskey))
  })
  useEffect(() => {
    // Later than now: a page that is drawn and taken away at once asks the server for nothing.
    const soon = setTimeout(() => offer.current(), 0)
    const again = setInterval(() => offer.current(), offerLastsMs)
    return () => {
      clearTimeout(soon)
      clearInterval(again)
      abandonPasskey()
    }
  }, [])
  return (
    <div className="stack">
      <p className="or">or</p>
      <Button
        variant="default"
        size="md"
        loading={isAsked}
        leftSection={<IconFingerprint size={20} stroke={1.6} aria-hidden="true" />}
        onClick={() => signIn.mutate(signInWithPasskey)}
      >
        Sign in with a passkey
      </Button>
      <ProblemAlert error={signIn.error} />
    </div>
  )
}
