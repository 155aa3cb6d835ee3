/** The mark of Carillon: a bell with its echo. It stands beside the name, so it has no name of its own. */
export function Bell({ className }: { readonly className?: string }) {
  return (
    <svg className={className} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path
        fill="currentColor"
        d="M16 3.5a2 2 0 0 0-2 2v.7c-3.9 1-6.2 4.4-6.2 8.9 0 4.4-1.2 6.7-2.9 8.4-.5.6-.1 1.5.7 1.5h20.8c.8 0 1.2-.9.7-1.5-1.7-1.7-2.9-4-2.9-8.4 0-4.5-2.3-7.9-6.2-8.9v-.7a2 2 0 0 0-2-2z"
      />
      <path fill="currentColor" d="M12.7 26.6h6.6a3.3 3.3 0 0 1-6.6 0z" />
      <path
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        d="M4.6 6.4A13 13 0 0 0 2 13.5M27.4 6.4A13 13 0 0 1 30 13.5"
      />
    </svg>
  )
}
