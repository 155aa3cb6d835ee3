import { IconShieldExclamation } from '@tabler/icons-react'
import { useNow } from '../../shared/now.ts'
import { moment } from '../../shared/time.ts'
import { linkTo } from '../location.ts'

/** Across the page, for as long as there is time to set up a second factor. */
export function FactorBanner({ dueAt }: { readonly dueAt: number }) {
  const now = useNow(60_000)
  return (
    <aside className="link-banner" aria-label="Second factor">
      <IconShieldExclamation size={20} stroke={1.6} aria-hidden="true" />
      <p>
        <strong>Set up a second factor by {moment(dueAt, now)}.</strong> Your role must have one; after that you cannot
        go on without.
      </p>
      <a className="link-retry" {...linkTo('/account')}>
        Set it up
      </a>
    </aside>
  )
}
