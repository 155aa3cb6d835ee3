import { Bell } from '../shared/bell.tsx'
import { linkTo } from './location.ts'

/** At an address that no page has. */
export function NothingHere() {
  return (
    <>
      <div className="page-head">
        <h1>Nothing here</h1>
      </div>
      <div className="empty">
        <Bell className="empty-mark" />
        <h2>There is no page at this address</h2>
        <p>
          Check it for a slip of the pen, or go on from <a {...linkTo('/')}>your screens</a>.
        </p>
      </div>
    </>
  )
}
