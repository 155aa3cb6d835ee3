import { Bell } from '../shared/bell.tsx'

/** Instead of a page, for whoever may not see what is on it. */
export function NotAllowed({ title, children }: { readonly title: string; readonly children: string }) {
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
      </div>
      <div className="empty">
        <Bell className="empty-mark" />
        <h2>Not for this account</h2>
        <p>{children}</p>
      </div>
    </>
  )
}
